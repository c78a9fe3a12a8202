import {type Family, type Ip, ipFamily} from '../../model/ip.ts';

/** What one sandbox may know: the networks it is attached to, in lookup order, the one with its gateway first. */
export interface Zone {
  readonly networks: readonly ZoneNetwork[];
  /** False: internal networks only; a name nobody has is never asked upstream. */
  readonly forwards: boolean;
}

/** Immutable: its index is built at the first lookup and lives as long as the object. A changed network is a new object. */
export interface ZoneNetwork {
  readonly name: string;
  /** Nobody else has names that end with the network's: what is not known here does not exist. */
  readonly closed?: boolean;
  readonly hosts: readonly ZoneHost[];
}

export interface ZoneHost {
  /** Name, aliases, short id. The first that DNS can carry is what PTR answers, as `<names[0]>.<network>.` */
  readonly names: readonly string[];
  readonly addresses: readonly Ip[];
}

export type Addresses = Readonly<Record<Family, readonly Ip[]>>;

interface Index {
  /** `.<network>`, lower case. */
  readonly suffix: string;
  readonly byName: ReadonlyMap<string, Addresses>;
  readonly byAddress: ReadonlyMap<Ip, string>;
}

/**
 * Addresses of `name` (no final dot, any case), null when nobody has it. As Docker: the whole name in every network, then
 * without the network's own name at its end; the first network that knows it wins, and nothing is merged.
 */
export function lookUp({networks}: Zone, name: string): Addresses | null {
  const wanted = name.toLowerCase();
  const indexes = networks.map(indexOf);
  for (const {byName} of indexes) {
    const found = byName.get(wanted);
    if (found) return found;
  }
  for (const {byName, suffix} of indexes.filter(index => wanted.endsWith(index.suffix)).sort(bySuffix)) {
    const found = byName.get(wanted.slice(0, -suffix.length));
    if (found) return found;
  }
  return null;
}

/** Whether the name could only be one of a closed network's. */
export function isClosed({networks}: Zone, name: string): boolean {
  const wanted = name.toLowerCase();
  return networks.some(({name, closed}) => closed === true && wanted.endsWith(`.${name.toLowerCase()}`));
}

/** `web.shop` for an address of ours, null for others. */
export function nameOfAddress({networks}: Zone, ip: Ip): string | null {
  for (const network of networks) {
    const found = indexOf(network).byAddress.get(ip);
    if (found !== undefined) return found;
  }
  return null;
}

/** `a.b.c` is `a.b` on network `c` before it is `a` on network `b.c`. */
const bySuffix = (a: Index, b: Index): number => a.suffix.length - b.suffix.length;

/** A query must not cost a walk over 1,000 hosts. */
const indexes = new WeakMap<ZoneNetwork, Index>();

function indexOf(network: ZoneNetwork): Index {
  const known = indexes.get(network);
  if (known) return known;
  const made = makeIndex(network);
  indexes.set(network, made);
  return made;
}

function makeIndex({name: network, hosts}: ZoneNetwork): Index {
  const byName = new Map<string, Record<Family, Ip[]>>();
  const byAddress = new Map<Ip, string>();
  for (const {names, addresses} of hosts) {
    for (const name of new Set(names.map(each => each.toLowerCase()))) {
      const entry = byName.get(name) ?? {4: [], 6: []};
      for (const ip of addresses) entry[ipFamily(ip)].push(ip);
      byName.set(name, entry);
    }
    const whole = names.map(name => `${name}.${network}`).find(isDnsName);
    if (whole !== undefined) for (const ip of addresses) byAddress.set(ip, whole);
  }
  return {suffix: `.${network.toLowerCase()}`, byName, byAddress};
}

/** RFC 1035 §2.3.4: labels of 1 to 63 bytes, 255 in all with lengths and root. Names of containers may be longer. */
function isDnsName(name: string): boolean {
  const lengths = name.split('.').map(label => Buffer.byteLength(label));
  return lengths.every(length => length >= 1 && length <= 63) && Buffer.byteLength(name) + 2 <= 255;
}
