import type {NamespacePath} from '../../kernel/item.ts';
import type {Hook} from '../../kernel/trace/chain-run.ts';
import type {DirectedRun, TraceFacts} from '../../kernel/trace/facts.ts';
import type {PacketHeaders} from '../../kernel/trace/headers.ts';
import type {TraceHop} from '../../model/trace.ts';
import {routeHop} from './hops.ts';
import {formatEndpoint, type Names} from './names.ts';

/** Hands out the rules' hops, and with them translations and the host's route, as the packet passes. */
export interface RunTeller {
  /** Everything up to where it leaves this namespace by a device. */
  untilSent(ns: NamespacePath): readonly TraceHop[];
  rest(): readonly TraceHop[];
}

/** In the order in which the kernel comes to them. */
const order: readonly (Hook | null)[] = ['output', 'prerouting', 'input', 'forward', 'postrouting'];

export function createRunTeller(facts: TraceFacts, names: Names): RunTeller {
  const out = facts.runs.filter(entry => entry.direction === 'out' && !isIdle(entry));
  const queue = [...out];
  let routed = false;
  const route = (): readonly TraceHop[] => {
    const {forward} = facts.routes;
    if (routed || forward === null || (facts.spec.from === '' && !wasTranslated(facts))) return [];
    routed = true;
    return [routeHop(forward, names, facts.links)];
  };
  const tell = (entry: DirectedRun): readonly TraceHop[] => {
    const next = out[out.indexOf(entry) + 1];
    const late = entry.ns === '' && (entry.run.hook === 'forward' || entry.run.hook === 'postrouting');
    return [...(late ? route() : []), runHop(entry, names), ...natHops(entry, next, {facts, names})];
  };
  return {
    untilSent(ns) {
      const hops: TraceHop[] = [];
      let last = -1;
      while (queue[0]?.ns === ns && order.indexOf(queue[0].run.hook) >= last) {
        last = order.indexOf(queue[0].run.hook);
        hops.push(...tell(queue.shift()!));
      }
      return ns === '' ? [...hops, ...route()] : hops;
    },
    rest() {
      const hops = queue.splice(0).flatMap(tell);
      const here = facts.path?.passages.at(-1);
      // Where the host could not forward it, what its routing says is the reason; unseen links leave only the routing.
      const waits = facts.path === null || (here?.ns === '' && here.event === 'receive');
      return waits && !endedInRules(facts) ? [...hops, ...route()] : hops;
    },
  };
}

/** Our DNS server has chains in every sandbox that see each packet and leave it alone: not worth a line. */
function isIdle({ns, run}: DirectedRun): boolean {
  return ns !== '' && run.family === 'ip' && run.table === 'tnet' && run.verdict !== 'drop';
}

function runHop({ns, run}: DirectedRun, names: Names): TraceHop {
  const {family, table, chain, hook, verdict, by} = run;
  const telling = run.hits.filter(hit => hit.verdict !== 'jump' && hit.verdict !== 'goto');
  const rules = telling.map(({chain: own, text, handle, comment}) => {
    const words = `${text ?? `rule ${handle}`}${comment === null ? '' : ` "${comment}"`}`;
    return own === chain ? words : `${own}: ${words}`;
  });
  const end = by === 'policy' ? `${verdict} (policy)` : '';
  return {
    where: names.ns(ns),
    atMs: null,
    what: 'nft',
    family,
    table,
    chain,
    hook,
    verdict,
    rules: run.hits,
    text: `nft ${family} ${table} ${chain}: ${[...rules, end].filter(Boolean).join('; ')}`,
  };
}

/** What changed between this chain and the next that saw the packet; after the last, what connection tracking knows. */
function natHops(
  {ns, run}: DirectedRun,
  next: DirectedRun | undefined,
  {facts, names}: {readonly facts: TraceFacts; readonly names: Names},
): readonly TraceHop[] {
  if (ns !== '') return [];
  const {headers} = run;
  const after = next?.ns === '' ? next.run.headers : afterHost(headers, facts);
  const at = {where: names.ns(ns), atMs: null, what: 'nat'} as const;
  const ends = (['destination', 'source'] as const).map(end => [end, endOf(headers, end), endOf(after, end)] as const);
  return ends
    .filter(([, was, is]) => was !== is)
    .map(([end, was, is]) => ({...at, end, before: was, after: is, text: `nat: ${end} ${was} → ${is}`}));
}

function afterHost(headers: PacketHeaders, {flow, arrival}: TraceFacts): PacketHeaders {
  if (flow === null) return {...headers, daddr: arrival.address, dport: headers.dport === null ? null : arrival.port};
  const {src, dst, srcPort, dstPort} = flow.reply;
  return {...headers, daddr: src, dport: srcPort, saddr: dst, sport: dstPort};
}

function endOf({saddr, sport, daddr, dport}: PacketHeaders, end: 'source' | 'destination'): string {
  return end === 'source' ? formatEndpoint(saddr, sport) : formatEndpoint(daddr, dport);
}

function wasTranslated({arrival, spec}: TraceFacts): boolean {
  return arrival.address !== spec.to;
}

function endedInRules({runs}: TraceFacts): boolean {
  return runs.some(({direction, run}) => direction === 'out' && run.verdict === 'drop');
}
