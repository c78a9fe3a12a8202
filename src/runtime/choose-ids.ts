import {TnetError} from '../errors.ts';
import type {Container} from '../model/container.ts';
import type {IdMaps} from '../model/id-map.ts';
import type {OwnUserns, Userns} from '../model/userns.ts';
import {allocateIds, type IdSpan} from './allocate-ids.ts';

export interface KnownIds {
  /** What may be given away. Throws ERR_BAD_REQUEST when there is nothing. */
  readonly automaticIds: () => IdMaps;
  /** Of containers that ask for nothing. */
  readonly idMaps: IdMaps | null;
}

/**
 * Gives `--userns auto` ids that no container has; they are its own until it is removed. ERR_CONFLICT when not so many are
 * left in a row.
 */
export function chooseIds(userns: Userns, known: KnownIds, containers: ReadonlyMap<string, Container>): Userns {
  if (typeof userns === 'string' || userns.kind !== 'auto') return userns;
  const available = known.automaticIds();
  const taken = [...containers.values()].flatMap(({config}) => mapsOf(config.isolation.userns) ?? []);
  const others = known.idMaps === null ? taken : [...taken, known.idMaps];
  const choose = (kind: keyof IdMaps) => {
    const found = allocateIds(
      available[kind],
      others.flatMap(maps => maps[kind]),
      userns.count,
    );
    if (found === null) throw exhausted(userns.count, kind, available[kind]);
    return [{inside: 0, ...found}];
  };
  return {...userns, maps: {uids: choose('uids'), gids: choose('gids')}};
}

function mapsOf(userns: Userns | OwnUserns): IdMaps | null {
  return typeof userns === 'string' ? null : userns.maps;
}

function exhausted(count: number, kind: keyof IdMaps, available: readonly IdSpan[]): TnetError {
  const file = kind === 'uids' ? '/etc/subuid' : '/etc/subgid';
  const total = available.reduce((sum, span) => sum + span.count, 0);
  return new TnetError(
    'ERR_CONFLICT',
    `--userns auto: no ${count} ids in a row are free of the ${total} that "containers" has in ${file}; ` +
      'give it a larger range there, ask for fewer (--userns auto:size=N), or remove containers',
  );
}
