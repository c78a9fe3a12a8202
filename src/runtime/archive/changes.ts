export interface Change {
  readonly kind: 'modified' | 'added' | 'deleted';
  readonly path: string;
}

const kinds: Readonly<Record<string, Change['kind']>> = {C: 'modified', A: 'added', D: 'deleted'};

/** Places that a start makes for its mounts, when the image lacks them: no change of the container's. */
const ours = new Set(['/dev', '/proc', '/sys', '/run', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf']);

/** What tnet-files writes: a letter and a path, each ended by NUL. In the order of paths. */
export function parseChanges(text: string): readonly Change[] {
  const changes = text
    .split('\0')
    .filter(record => record !== '')
    .map(record => ({kind: kinds[record[0]!]!, path: record.slice(1)}));
  const rest = changes.filter(({kind, path}) => kind !== 'added' || !ours.has(path));
  if (rest.length === changes.length || rest.some(({path}) => path.startsWith('/etc/'))) return rest;
  return rest.filter(({path}) => path !== '/etc'); // changed by us alone
}
