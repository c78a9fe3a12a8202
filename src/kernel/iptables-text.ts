import type {Family} from '../model/ip.ts';
import {itemKey, type World} from './diff.ts';
import type {IptablesChainsItem, IptablesRuleItem, IptablesTable, Item, Op} from './item.ts';

/** A rule as `iptables-save` prints it, without `-A CHAIN`. */
interface SavedRule {
  readonly chain: string;
  readonly spec: string;
}

export interface SavedTable {
  /** Policies of the built-in chains; null for others. */
  readonly chains: ReadonlyMap<string, string | null>;
  readonly rules: readonly SavedRule[];
}

const tables: readonly string[] = ['raw', 'nat', 'filter'] satisfies readonly IptablesTable[];

/** The comment that marks a rule as ours: `tnet KEY`, and for the n-th of the frame `tnet FINGERPRINT n/total`. */
export function mark(key: string): string {
  return `-m comment --comment "tnet ${key}"`;
}

/** The text of `iptables-save`, by table. */
export function parseSaved(text: string): ReadonlyMap<string, SavedTable> {
  const found = new Map<string, {chains: Map<string, string | null>; rules: SavedRule[]}>();
  let table = {chains: new Map<string, string | null>(), rules: [] as SavedRule[]};
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = {chains: new Map(), rules: []};
      found.set(line.slice(1), table);
    }
    const chain = /^:(\S+) (\S+)/.exec(line);
    if (chain) table.chains.set(chain[1]!, chain[2] === '-' ? null : chain[2]!);
    const rule = /^-A (\S+) (.*)/.exec(line);
    if (rule) table.rules.push({chain: rule[1]!, spec: rule[2]!});
  }
  return found;
}

/** What of ours `iptables-save` shows of one family. */
export function decodeSaved(saved: ReadonlyMap<string, SavedTable>, family: Family): readonly Item[] {
  return [...saved].flatMap(([name, table]) => {
    if (!tables.includes(name)) return [];
    const at = {ns: '', family, table: name as IptablesTable} as const;
    const rules = table.rules.flatMap(({chain, spec}): Item[] => {
      const key = commentOf(spec)?.key;
      return key === undefined ? [] : [{...at, kind: 'iptables-rule', chain, key, spec}];
    });
    return [...frameItems(table, at), ...rules];
  });
}

/** What `iptables-restore --noflush` must read for operations on one table; `saved` is that table now. */
export function restoreText(ops: readonly Op[], saved: SavedTable | undefined): string {
  const {table} = ops[0]!.item as IptablesRuleItem;
  const lines = ops.flatMap(op => {
    if (op.item.kind === 'iptables-rule') return [ruleLine(op.do, op.item)];
    if (op.item.kind !== 'iptables-chains') throw new TypeError(`no iptables line for ${itemKey(op.item)}`);
    return op.do === 'del' ? removeFrame(saved) : putFrame(op.item, saved);
  });
  return `*${table}\n${lines.join('\n')}\nCOMMIT\n`;
}

/** Rules of a family that were read, by key. */
export function toIptablesWorld(items: readonly Item[]): World {
  return new Map(items.map(item => [itemKey(item), item]));
}

function ruleLine(verb: Op['do'], {chain, spec, head}: IptablesRuleItem): string {
  if (verb === 'del') return `-D ${chain} ${spec}`;
  return head === true ? `-I ${chain} 1 ${spec}` : `-A ${chain} ${spec}`;
}

/** Chains that lack are made, none is flushed; our jumps go to the head of theirs, in order. */
function putFrame({chains, rules}: IptablesChainsItem, saved: SavedTable | undefined): readonly string[] {
  const place = new Map<string, number>();
  return [
    ...chains.filter(chain => !saved?.chains.has(chain)).map(chain => `:${chain} - [0:0]`),
    ...frameRules(saved).map(({chain, spec}) => `-D ${chain} ${spec}`),
    ...rules.map(({chain, spec}) => {
      place.set(chain, (place.get(chain) ?? 0) + 1);
      return `-I ${chain} ${place.get(chain)} ${spec}`;
    }),
  ];
}

/** Everything of ours leaves the table. A chain stays when somebody else has put rules into it or jumps to it. */
function removeFrame(saved: SavedTable | undefined): readonly string[] {
  const foreign = (saved?.rules ?? []).filter(({spec}) => commentOf(spec) === null);
  const needed = (name: string): boolean =>
    foreign.some(({chain, spec}) => chain === name || new RegExp(` -[jg] ${name}( |$)`).test(` ${spec}`));
  return [
    ...(saved?.rules ?? []).filter(rule => !foreign.includes(rule)).map(({chain, spec}) => `-D ${chain} ${spec}`),
    ...frameChains(saved)
      .filter(name => !needed(name))
      .map(name => `-X ${name}`),
  ];
}

function frameItems(table: SavedTable, at: Pick<IptablesChainsItem, 'family' | 'table'> & {ns: ''}): readonly Item[] {
  const rules = frameRules(table);
  if (rules.length === 0) return [];
  const {fingerprint} = frameMark(rules[0]!);
  return [
    {
      ...at,
      kind: 'iptables-chains',
      chains: frameChains(table),
      rules,
      fingerprint: isWhole(rules, table) ? fingerprint : 'damaged',
    },
  ];
}

/** Every rule of one frame is there once, and nothing stands before them in their chains. */
function isWhole(frame: readonly SavedRule[], {rules}: SavedTable): boolean {
  const {fingerprint, total} = frameMark(frame[0]!);
  const inPlace = [...new Set(frame.map(({chain}) => chain))].every(name => {
    const mine = frame.filter(({chain}) => chain === name).sort((a, b) => frameMark(a).number - frameMark(b).number);
    const there = rules.filter(({chain}) => chain === name);
    return mine.every((rule, i) => rule === there[i]);
  });
  const numbers = new Set(frame.map(rule => frameMark(rule).number));
  const alike = frame.every(rule => frameMark(rule).fingerprint === fingerprint);
  return inPlace && alike && frame.length === total && numbers.size === total;
}

function frameMark({spec}: SavedRule): FrameMark {
  return commentOf(spec)!.frame!;
}

function frameRules(table: SavedTable | undefined): readonly SavedRule[] {
  return (table?.rules ?? []).filter(({spec}) => commentOf(spec)?.frame);
}

/** Chains that our frame jumps to. */
function frameChains(table: SavedTable | undefined): readonly string[] {
  const targets = frameRules(table).flatMap(({spec}) => / -j (\S+)$/.exec(` ${spec}`)?.[1] ?? []);
  return [...new Set(targets)].filter(name => table?.chains.get(name) === null);
}

interface Comment {
  /** Of a rule that is not the frame's. */
  readonly key?: string;
  readonly frame?: FrameMark;
}

interface FrameMark {
  readonly fingerprint: string;
  readonly number: number;
  readonly total: number;
}

/** What our mark says of a rule; null: it is somebody else's. */
export function commentOf(spec: string): Comment | null {
  const match = /(?:^| )--comment "tnet (\w+)(?: (\d+)\/(\d+))?"( |$)/.exec(spec);
  if (match === null) return null;
  const [, key, number, total] = match;
  if (number === undefined) return {key: key!};
  return {frame: {fingerprint: key!, number: Number(number), total: Number(total)}};
}
