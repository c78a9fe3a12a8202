import {ipFamily} from '../../model/ip.ts';
import type {NamespacePath} from '../item.ts';
import type {Native} from '../native.ts';
import type {NftTrace} from '../netlink/nftables/nftrace.ts';
import type {TraceMatch} from '../netlink/nftables/trace-table.ts';
import type {Sockets} from '../sockets.ts';
import type {TraceSpec} from './facts.ts';
import {type NftWatch, watchNft} from './nft-watch.ts';
import type {Answer} from './probe.ts';

/** One for each namespace on the way. */
export type Watches = ReadonlyMap<NamespacePath, NftWatch>;

/** What must be closed at the end, last first. */
export type Ends = (() => void | Promise<void>)[];

/** On the way: the source, the host, what is between, the destination. */
export function namespacesOf({from, between = [], expected}: TraceSpec): readonly NamespacePath[] {
  return [...new Set([from, '', ...between, ...(expected === null ? [] : [expected.ns])])];
}

/** Watches for what `matchesIn` says of each namespace. */
export function openWatches(
  {native, sockets}: {readonly native: Native; readonly sockets: Sockets},
  spec: TraceSpec,
  {ends, matchesIn}: {readonly ends: Ends; readonly matchesIn: (ns: NamespacePath) => readonly TraceMatch[]},
): Watches {
  const watches = new Map<NamespacePath, NftWatch>();
  for (const ns of namespacesOf(spec)) {
    const watch = watchNft({native, netnsFd: sockets.netnsFd(ns), matches: matchesIn(ns)});
    ends.push(watch.close);
    watches.set(ns, watch);
  }
  return watches;
}

/** In the source and on the host by what was asked for; in the destination by what that is translated to. */
export function followMatches(
  {to, port, proto, expected, mode, from}: TraceSpec,
  ns: NamespacePath,
): readonly TraceMatch[] {
  const both = {proto, family: ipFamily(to)};
  const arrived = ns !== '' && ns !== from && expected !== null;
  const goal = arrived ? {address: expected.address, port: expected.port} : {address: to, port};
  const match = {...both, daddr: goal.address, ...(goal.port === null ? {} : {dport: goal.port})};
  const sources = mode.kind === 'follow' && !arrived ? mode.sources.filter(ip => ipFamily(ip) === both.family) : [];
  return sources.length === 0 ? [match] : sources.map(saddr => ({...match, saddr}));
}

export interface Collected {
  all(): ReadonlyMap<NamespacePath, readonly NftTrace[]>;
  /** When a rule has dropped it, nobody will answer: there is nothing to wait for. A rule that rejects has answered by then. */
  untilDropped(ends: Ends): Promise<Answer>;
}

const pollMs = 40;

/** Reading takes what was read out of the socket: it is kept here. */
export function collect(watches: Watches): Collected {
  const traces = new Map<NamespacePath, readonly NftTrace[]>();
  const all = (): ReadonlyMap<NamespacePath, readonly NftTrace[]> => {
    for (const [ns, watch] of watches) traces.set(ns, [...(traces.get(ns) ?? []), ...watch.receive()]);
    return traces;
  };
  return {
    all,
    untilDropped: ends =>
      new Promise(resolve => {
        const start = performance.now();
        const timer = setInterval(() => {
          const dropped = [...all().values()].flat().some(({verdict}) => verdict === 'drop');
          if (dropped) resolve({kind: 'silence', afterMs: performance.now() - start});
        }, pollMs);
        ends.push(() => clearInterval(timer));
      }),
  };
}
