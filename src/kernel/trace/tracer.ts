import type {NamespacePath} from '../item.ts';
import type {Native} from '../native.ts';
import type {NftTrace} from '../netlink/nftables/nftrace.ts';
import {decodeChain, decodeRule, dumpChains, dumpRules} from '../netlink/nftables/rules.ts';
import {createSockets} from '../sockets.ts';
import {type Ruleset, toChainRuns} from './chain-run.ts';
import type {TraceFacts, TraceSpec} from './facts.ts';
import {investigate, type Runs} from './investigate.ts';
import type {NftWatch} from './nft-watch.ts';
import {type Observation, observe} from './observe.ts';

export interface Tracer {
  /** Follows one packet. Rejects with `signal`'s reason when that is aborted, and with ERR_TIMEOUT when none came; leaves nothing behind. */
  trace(spec: TraceSpec, signal: AbortSignal): Promise<TraceFacts>;
}

export function createTracer(native: Native): Tracer {
  return {
    async trace(spec, signal) {
      const sockets = createSockets(native);
      const parts = {native, sockets};
      try {
        return await observe(parts, spec, signal, async (observation, watches) =>
          investigate(parts, spec, {observation, runs: explain(observation.traces, watches)}),
        );
      } finally {
        sockets.close();
      }
    },
  };
}

/** Reads what the handles mean, in each namespace. */
function explain(traces: Observation['traces'], watches: ReadonlyMap<NamespacePath, NftWatch>): Runs {
  return [...watches].flatMap(([ns, watch]) => {
    const seen = traces.get(ns) ?? [];
    return toChainRuns(seen, readRuleset(seen, watch)).map(run => ({ns, run}));
  });
}

function readRuleset(traces: readonly NftTrace[], {socket}: NftWatch): Ruleset {
  const families = [...new Set(traces.map(({family}) => family))];
  const tables = new Map(traces.map(({family, table}) => [`${family} ${table}`, {family, name: table}]));
  return {
    chains: families.flatMap(family =>
      socket.dump(dumpChains(family)).map(message => ({...decodeChain(message), family})),
    ),
    rules: [...tables.values()].flatMap(table =>
      socket.dump(dumpRules(table)).map(message => ({...decodeRule(message), family: table.family})),
    ),
  };
}
