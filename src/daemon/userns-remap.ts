import type {IdMaps, IdRange} from '../model/id-map.ts';
import {badRequest} from './failure.ts';

/** Texts of the machine's files. */
export interface IdFiles {
  readonly passwd: string;
  readonly group: string;
  readonly subuid: string;
  readonly subgid: string;
}

/** A user or group of /etc/passwd or /etc/group: the two begin alike. */
interface Owner {
  readonly name: string;
  readonly id: string;
  /** What asked for it. */
  readonly option: string;
}

/**
 * dockerd's `--userns-remap`: `default`, or a user, and a group after a colon, by name or number. The maps are their ranges
 * in /etc/subuid and /etc/subgid, one after the other. Throws ERR_BAD_REQUEST when there are none.
 */
export function parseUsernsRemap(text: string, files: IdFiles): IdMaps {
  const [user = '', group = user, ...more] = (text === 'default' ? 'dockremap' : text).split(':');
  if (user === '' || group === '' || more.length > 0)
    throw badRequest(`invalid --userns-remap "${text}": want default, a user, or user:group`);
  return {
    uids: mapOf({file: '/etc/subuid', text: files.subuid}, findOwner(user, files.passwd)),
    gids: mapOf({file: '/etc/subgid', text: files.subgid}, findOwner(group, files.group)),
  };
}

/** podman's user for `--userns auto`: its ranges are given away piece by piece. Throws ERR_BAD_REQUEST when it has none. */
export function parseAutomaticIds(files: IdFiles): IdMaps {
  const owner = {name: 'containers', id: 'containers', option: '--userns auto'};
  return {
    uids: mapOf({file: '/etc/subuid', text: files.subuid}, owner),
    gids: mapOf({file: '/etc/subgid', text: files.subgid}, owner),
  };
}

/** One that is not in the file may still have ranges: `dockremap` needs no account. */
function findOwner(nameOrId: string, text: string): Owner {
  const owners = text.split('\n').map(line => line.split(':'));
  const found = owners.find(([name, , id]) => name === nameOrId || id === nameOrId);
  return {name: found?.[0] ?? nameOrId, id: found?.[2] ?? nameOrId, option: '--userns-remap'};
}

function mapOf({file, text}: {readonly file: string; readonly text: string}, owner: Owner): readonly IdRange[] {
  const ranges = text.split('\n').flatMap(line => {
    const [name, first, count] = line.trim().split(':');
    return name === owner.name || name === owner.id ? [{outside: Number(first), count: Number(count)}] : [];
  });
  if (ranges.length === 0)
    throw badRequest(
      `${owner.option}: no range for "${owner.name}" in ${file}; for example, add the line "${owner.name}:100000:65536" to it`,
    );
  let inside = 0;
  return ranges.map(range => {
    if (!isRange(range))
      throw badRequest(`${owner.option}: the range of "${owner.name}" in ${file} is none of the machine's ids`);
    const placed = {inside, ...range};
    inside += range.count;
    return placed;
  });
}

/** Root's own id is never one of a container's. */
function isRange({outside, count}: Omit<IdRange, 'inside'>): boolean {
  const whole = Number.isInteger(outside) && Number.isInteger(count);
  return whole && outside > 0 && count > 0 && outside + count <= 0xffff_ffff;
}
