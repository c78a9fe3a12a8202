import type {NetemSpec} from '../../kernel/netlink/netem.ts';
import type {NftExpr, NftRule, NftTable} from '../../kernel/netlink/nftables/types.ts';
import type {TbfSpec} from '../../kernel/netlink/qdisc.ts';
import {bucketLimit, defaultBurst, latencyS} from '../../model/bandwidth.ts';
import type {EffectName, Impairment} from './impairment.ts';

/** Who does it: a queue of the kernel, rules of nft on the link's egress, or a process that holds frames back. */
export type Backend = 'netem' | 'nft' | 'tbf' | 'relay';

/** What one end of a link needs so that what leaves by it is impaired. */
export interface ImpairPlan {
  readonly root:
    | ({readonly kind: 'netem'} & Omit<NetemSpec, 'index'>)
    | ({readonly kind: 'tbf'} & Omit<TbfSpec, 'index'>)
    | null;
  readonly relay: RelayEffects | null;
  /** In the order in which a packet meets them; the relay comes between them and the queue. */
  readonly rules: readonly Rule[];
}

export interface RelayEffects {
  readonly delayUs: number;
  readonly jitterUs: number;
  readonly corruptPpm: number;
  readonly reorderPpm: number;
}

type Rule =
  | 'pass relayed'
  | 'relay'
  | {readonly every: number}
  | {readonly loss: number}
  | {readonly duplicate: number};

/** Which backend has an effect on a kernel with netem, and on one without. Every Nth netem cannot. */
export function backendOf(effect: EffectName, {netem}: {readonly netem: boolean}): Backend {
  if (effect === 'every') return 'nft';
  if (netem) return 'netem';
  if (effect === 'rate') return 'tbf';
  return effect === 'loss' || effect === 'duplicate' ? 'nft' : 'relay';
}

export function planImpair(impairment: Impairment, kernel: {readonly netem: boolean}): ImpairPlan {
  const {every} = impairment;
  const nth: readonly Rule[] = every === undefined ? [] : [{every}];
  if (kernel.netem) return {root: netem(impairment), relay: null, rules: nth};
  const {loss, duplicate, rateBitsPerS} = impairment;
  const relay = relayEffects(impairment);
  const rules: readonly Rule[] = [
    ...nth,
    ...(loss === undefined ? [] : [{loss}]),
    ...(duplicate === undefined ? [] : [{duplicate}]),
    ...(relay === null ? [] : ['relay' as const]),
  ];
  const passes = relay !== null || duplicate !== undefined;
  return {
    root: rateBitsPerS === undefined ? null : {kind: 'tbf', ...bucket(rateBitsPerS)},
    relay,
    rules: passes ? ['pass relayed', ...rules] : rules,
  };
}

const frameBytes = 1518;

function bucket(rateBitsPerS: number): Omit<TbfSpec, 'index'> {
  const burstBytes = defaultBurst(rateBitsPerS, frameBytes);
  return {rateBitsPerS, burstBytes, limitBytes: bucketLimit(rateBitsPerS, burstBytes)};
}

/** What may be under way on a link of 10 Gbit/s for 100 ms, in packets of 64 KiB and 1500 bytes mixed. */
const defaultLimit = 20_000;
const minLimit = 16;

function netem({every: _, ...impairment}: Impairment): ImpairPlan['root'] {
  if (Object.keys(impairment).length === 0) return null;
  const {delayMs = 0, jitterMs = 0, loss = 0, duplicate = 0, corrupt = 0, reorder = 0, rateBitsPerS = 0} = impairment;
  const heldS = latencyS + (delayMs + jitterMs) / 1000;
  const limit =
    rateBitsPerS === 0 ? defaultLimit : Math.max(Math.ceil(((rateBitsPerS / 8) * heldS) / frameBytes), minLimit);
  return {kind: 'netem', delayMs, jitterMs, loss, duplicate, corrupt, reorder, rateBitsPerS, limit};
}

function relayEffects({delayMs = 0, jitterMs = 0, corrupt = 0, reorder = 0}: Impairment): RelayEffects | null {
  if (delayMs === 0 && corrupt === 0) return null;
  const [delayUs, jitterUs] = [delayMs, jitterMs].map(ms => Math.round(ms * 1000)) as [number, number];
  return {delayUs, jitterUs, corruptPpm: Math.round(corrupt * million), reorderPpm: Math.round(reorder * million)};
}

/** Of `delay jitter corrupt reorder`, as tnet-lab's relay reads it. */
export function formatRelay({delayUs, jitterUs, corruptPpm, reorderPpm}: RelayEffects): string {
  return `${[delayUs, jitterUs, corruptPpm, reorderPpm].join(' ')}\n`;
}

const million = 1_000_000;
/** "wire": what comes from the relay, or is a duplicate, is not impaired again. As in addon/lab/relay.cc; lost in the next namespace. */
const relayedMark = 0x77697265;

export interface ImpairedLink {
  readonly name: string;
  readonly index: number;
  /** Of the relay's TAP. */
  readonly tapIndex: number | null;
}

/** `table netdev impair-LINK`: only that link's, so that one can change without the others. Null when there is nothing to do. */
export function impairTable(rules: ImpairPlan['rules'], link: ImpairedLink): NftTable | null {
  if (rules.length === 0) return null;
  const hook = {type: 'filter', hook: 'egress', device: link.name, priority: 0, policy: 'accept'} as const;
  const chain = {name: 'egress', hook, rules: rules.map(rule => toNft(rule, link))};
  return {...tableOf(link.name), comment: 'tnet lab impair', sets: [], chains: [chain]};
}

export function tableOf(link: string): Pick<NftTable, 'family' | 'name'> {
  return {family: 'netdev', name: `impair-${link}`};
}

function toNft(rule: Rule, {index, tapIndex}: ImpairedLink): NftRule {
  return {exprs: expressions(rule, index, tapIndex), comment: null};
}

/** A copy that does not go through the relay comes by this link's egress again, and is let go there. */
function expressions(rule: Rule, index: number, tapIndex: number | null): readonly NftExpr[] {
  if (rule === 'pass relayed')
    return [
      {expr: 'meta', key: 'mark', dreg: 1},
      {expr: 'cmp', sreg: 1, op: 'eq', data: hostOrder(relayedMark)},
      {expr: 'verdict', verdict: 'accept'},
    ];
  if (rule === 'relay') return to('fwd', tapIndex ?? index);
  if ('every' in rule) return [...nthOf(rule.every), {expr: 'counter'}, {expr: 'verdict', verdict: 'drop'}];
  if ('loss' in rule) return [...shareOf(rule.loss), {expr: 'counter'}, {expr: 'verdict', verdict: 'drop'}];
  const marked = tapIndex === null ? mark : [];
  return [...shareOf(rule.duplicate), {expr: 'counter'}, ...marked, ...to('dup', tapIndex ?? index)];
}

/** The Nth, the 2Nth … */
function nthOf(every: number): readonly NftExpr[] {
  return [
    {expr: 'numgen', type: 'inc', modulus: every, dreg: 1},
    {expr: 'cmp', sreg: 1, op: 'eq', data: hostOrder(every - 1)},
  ];
}

function shareOf(of1: number): readonly NftExpr[] {
  const data = Buffer.alloc(4);
  data.writeUInt32BE(Math.round(of1 * million));
  return [
    {expr: 'numgen', type: 'random', modulus: million, dreg: 1},
    {expr: 'hton', reg: 1},
    {expr: 'cmp', sreg: 1, op: 'lt', data},
  ];
}

const mark: readonly NftExpr[] = [
  {expr: 'immediate', dreg: 1, data: hostOrder(relayedMark)},
  {expr: 'meta-set', key: 'mark', sreg: 1},
];

function to(expr: 'dup' | 'fwd', index: number): readonly NftExpr[] {
  return [
    {expr: 'immediate', dreg: 1, data: hostOrder(index)},
    {expr, deviceReg: 1},
  ];
}

function hostOrder(value: number): Uint8Array {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(value);
  return data;
}
