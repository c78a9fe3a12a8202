import type {NamespacePath} from '../../kernel/item.ts';
import type {TraceFacts} from '../../kernel/trace/facts.ts';

/** How people call the places on the way. */
export interface Names {
  readonly containers: ReadonlyMap<NamespacePath, string>;
  /** Bridges of networks that nothing may leave. */
  readonly internal: ReadonlySet<string>;
  readonly daemonPid: number;
  /** A container's name, `host`, `outside` (null). */
  ns(path: NamespacePath | null): string;
  /** Name of the host's link, or of a namespace on the way. */
  link(ns: NamespacePath, index: number | null): string;
}

/** What the daemon knows of them. */
export type KnownNames = Pick<Names, 'containers' | 'internal' | 'daemonPid'>;

export function namesOf({links}: Pick<TraceFacts, 'links'>, known: KnownNames): Names {
  const {containers} = known;
  return {
    ...known,
    ns: path => (path === null ? 'outside' : path === '' ? 'host' : (containers.get(path) ?? path)),
    link: (ns, index) => links.get(ns)?.find(link => link.index === index)?.name ?? `link ${index}`,
  };
}

/** `172.17.0.2:80`, `[fd00::2]:80`, without a port the address. */
export function formatEndpoint(address: string, port: number | null): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
