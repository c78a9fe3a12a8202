import type {IdRange} from '../model/id-map.ts';
import {parseAutoUserns, parseIdRanges, type Userns} from '../model/userns.ts';
import {badRequest} from './failure.ts';
import {orNull, texts} from './validate.ts';

/** Of HostConfig, ours: `inside:outside:count` each. */
export const usernsFields = {
  UIDMap: orNull(texts),
  GIDMap: orNull(texts),
};

interface UsernsFields {
  readonly UsernsMode?: string | null | undefined;
  readonly UIDMap?: readonly string[] | null | undefined;
  readonly GIDMap?: readonly string[] | null | undefined;
}

/** podman's modes, besides Docker's `host`; one map alone is also that of the other kind, as with podman. ERR_BAD_REQUEST. */
export function decodeUserns({UsernsMode, UIDMap, GIDMap}: UsernsFields): Userns {
  const mode = UsernsMode ?? '';
  const [uids, gids] = [UIDMap ?? [], GIDMap ?? []];
  if (uids.length > 0 || gids.length > 0) {
    if (mode !== '' && mode !== 'private')
      throw badRequest(`conflicting options: --userns ${mode} and --uidmap, --gidmap`);
    const maps = {
      uids: decodeMap('--uidmap', uids.length > 0 ? uids : gids),
      gids: decodeMap('--gidmap', gids.length > 0 ? gids : uids),
    };
    return {kind: 'private', maps};
  }
  if (mode === '') return 'default';
  const userns = mode === 'host' ? mode : parseAutoUserns(mode);
  if (userns === null) throw badRequest(`invalid USER mode: ${mode}`);
  return userns;
}

function decodeMap(option: string, map: readonly string[]): readonly IdRange[] {
  try {
    return parseIdRanges(map);
  } catch (cause) {
    throw badRequest(`invalid ${option}: ${(cause as Error).message}`);
  }
}
