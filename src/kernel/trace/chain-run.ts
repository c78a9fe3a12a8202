import {describeRule} from '../netlink/nftables/describe-rule.ts';
import type {NftTrace, NftVerdict} from '../netlink/nftables/nftrace.ts';
import type {ChainInfo, RuleInfo} from '../netlink/nftables/rules.ts';
import {decodeHeaders, type PacketHeaders} from './headers.ts';

/** A rule that matched the packet. */
export interface RuleHit {
  readonly chain: string;
  readonly handle: number;
  /** In the words of nft(8); null when it could not be read (removed meanwhile). */
  readonly text: string | null;
  readonly comment: string | null;
  readonly verdict: NftVerdict;
}

/** A packet's way through one base chain and what that jumps to. */
export interface ChainRun {
  /** `inet`, `ip`, `ip6` … */
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly hook: Hook | null;
  /** As the packet was when it came in. */
  readonly headers: PacketHeaders;
  /** ifindex */
  readonly iif: number | null;
  readonly oif: number | null;
  readonly hits: readonly RuleHit[];
  readonly verdict: NftVerdict;
  /** What gave the verdict: the last hit, or the chain's policy. */
  readonly by: 'rule' | 'policy';
}

const hooks = ['prerouting', 'input', 'forward', 'output', 'postrouting'] as const;
export type Hook = (typeof hooks)[number];

/** NFPROTO_*, as nft(8) writes them. */
const families = new Map([
  [1, 'inet'],
  [2, 'ip'],
  [3, 'arp'],
  [5, 'netdev'],
  [7, 'bridge'],
  [10, 'ip6'],
]);

/** What explains a handle: everything there is in the tables that the traces name. */
export interface Ruleset {
  readonly chains: readonly (ChainInfo & {readonly family: number})[];
  readonly rules: readonly (RuleInfo & {readonly family: number})[];
}

/** The traces of one namespace in their order, by packet and base chain. Headers come with the first trace of each. */
export function toChainRuns(traces: readonly NftTrace[], ruleset: Ruleset): readonly ChainRun[] {
  const groups: NftTrace[][] = [];
  for (const trace of traces) {
    const group = groups.findLast(([first]) => first!.id === trace.id && first!.table === trace.table);
    if (trace.network !== null || group === undefined) groups.push([trace]);
    else group.push(trace);
  }
  return groups.flatMap(group => toRun(group, ruleset) ?? []);
}

function toRun(group: readonly NftTrace[], ruleset: Ruleset): ChainRun | null {
  const [first, last] = [group[0]!, group.at(-1)!];
  const headers = first.network === null ? null : decodeHeaders(first.network, first.transport);
  if (headers === null) return null;
  const base = ruleset.chains.find(isChain(first));
  return {
    family: families.get(first.family) ?? `family ${first.family}`,
    table: first.table,
    chain: first.chain,
    hook: hooks[base?.hook ?? -1] ?? null,
    headers,
    iif: first.iif,
    oif: first.oif,
    hits: group.filter(({rule, type}) => rule !== null && type === 'rule').map(trace => toHit(trace, ruleset)),
    verdict: last.verdict,
    by: last.type === 'policy' ? 'policy' : 'rule',
  };
}

function toHit(trace: NftTrace, ruleset: Ruleset): RuleHit {
  const rule = ruleset.rules.find(
    ({family, table, handle}) => family === trace.family && table === trace.table && handle === trace.rule,
  );
  return {
    chain: trace.chain,
    handle: trace.rule ?? 0,
    text: rule === undefined ? null : describeRule(rule.expressions),
    comment: rule?.comment ?? null,
    verdict: trace.verdict,
  };
}

function isChain({family, table, chain}: NftTrace) {
  return (candidate: Ruleset['chains'][number]): boolean =>
    candidate.family === family && candidate.table === table && candidate.name === chain;
}
