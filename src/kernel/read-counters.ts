import {KernelError} from '../errors.ts';
import {decodeElements, dumpElements} from './netlink/nftables/elements.ts';
import type {NftElement, NftSet, NftTable} from './netlink/nftables/types.ts';
import type {Sockets} from './sockets.ts';

/** The elements of all counting sets of our table, with their counters; none where table or set are missing. */
export function readCounters({
  sockets,
  table,
}: {
  readonly sockets: Sockets;
  readonly table: NftTable;
}): readonly NftElement[] {
  return table.sets.filter(({counter}) => counter).flatMap(set => elementsOf(sockets, table, set));
}

function elementsOf(sockets: Sockets, table: NftTable, set: NftSet): readonly NftElement[] {
  try {
    return decodeElements(sockets.netfilter().dump(dumpElements(table, set)), set);
  } catch (error) {
    if (error instanceof KernelError && error.errno === 2) return []; // ENOENT
    throw error;
  }
}
