import {close as closeFd} from 'node:fs';
import type {Fd, Native} from '../native.ts';
import {decodeMessages} from '../netlink/message.ts';
import {netfilterGroups} from '../netlink/monitor.ts';
import {decodeNftTrace, NFT_MSG_TRACE, type NftTrace} from '../netlink/nftables/nftrace.ts';
import {createTraceTable, type TraceMatch} from '../netlink/nftables/trace-table.ts';
import {type NetlinkSocket, openNetlinkSocket} from '../netlink/socket.ts';

/** Tells what nf_tables does to packets of one namespace that look like one of `matches`. */
export interface NftWatch {
  /** For reading rules and chains there. */
  readonly socket: NetlinkSocket;
  /** What came since the last call, in its order. */
  receive(): readonly NftTrace[];
  /** Calls back when there is something to receive; returns what stops that. */
  watch(onReadable: () => void): () => void;
  close(): void;
}

export interface NftWatchSpec {
  readonly native: Pick<Native, 'openNetlink' | 'joinGroup' | 'receive' | 'watch' | 'request' | 'requestAsync'>;
  readonly netnsFd: Fd | undefined;
  readonly matches: readonly TraceMatch[];
}

/** By this a reader knows what is only there to trace. */
export const traceTablePrefix = 'tnet-trace-';
let tables = 0;

/** From here to close() every packet that matches is reported, and becomes a little slower. The kernel removes the table with our socket, even after SIGKILL. */
export function watchNft({native, netnsFd, matches}: NftWatchSpec): NftWatch {
  // The kernel waits for RCU when it removes the table (20 ms): not on the thread that everybody shares.
  const closeLater = (fd: Fd): void => closeFd(fd, () => {});
  const spec = {native, protocol: 'netfilter', close: closeLater} as const;
  const socket = openNetlinkSocket(netnsFd === undefined ? spec : {...spec, netnsFd});
  const listener = native.openNetlink(12, netnsFd);
  const close = (): void => {
    socket.close();
    closeLater(listener);
  };
  try {
    native.joinGroup(listener, netfilterGroups.nftrace);
    socket.batch(createTraceTable(`${traceTablePrefix}${process.pid}-${++tables}`, matches), 'trace packets');
  } catch (error) {
    close();
    throw error;
  }
  return {
    socket,
    receive: () => decodeTraces(native.receive(listener)),
    watch: onReadable => native.watch(listener, onReadable),
    close,
  };
}

function decodeTraces(datagrams: readonly Uint8Array[]): readonly NftTrace[] {
  return datagrams
    .flatMap(decodeMessages)
    .filter(({type}) => type === NFT_MSG_TRACE)
    .map(decodeNftTrace);
}
