import type {Ip, Prefix} from '../../model/ip.ts';
import type {Topology} from './topology.ts';

/** What a lab that is up has given by itself, and what a changed file gives again. Null: nothing. */
export interface Kept {
  subnet(network: string): Prefix | null;
  address(node: string, network: string): Ip | null;
  /** N of a cable's 10.255.N.0/30, by its ends. */
  cableNet(ends: readonly [string, string]): number | null;
}

export function keptOf(running: Topology | null): Kept {
  return {
    subnet: name => running?.networks.find(each => each.name === name && each.automatic)?.subnet ?? null,
    address(name, network) {
      const node = running?.nodes.find(each => each.name === name);
      return node?.interfaces.find(each => each.network === network && each.automatic)?.address?.address ?? null;
    },
    cableNet(ends) {
      const cable = running?.links.find(
        link => link.ends.map(({node, name}) => `${node}:${name}`).join() === ends.join(),
      );
      const [, n] = /^10\.255\.(\d+)\.1$/.exec(cable?.ends[0].address?.address ?? '') ?? [];
      return n === undefined ? null : Number(n);
    },
  };
}

/** N of the /30 for each cable that is given no addresses: the place in the file, or the next that is free. */
export function cableNets(links: readonly {readonly ends: readonly [string, string]}[], kept: Kept): readonly number[] {
  const own = links.map(({ends}) => kept.cableNet(ends));
  const taken = new Set(own.filter(n => n !== null));
  return own.map((n, i) => {
    if (n !== null) return n;
    let free = i;
    while (taken.has(free)) free++;
    taken.add(free);
    return free;
  });
}
