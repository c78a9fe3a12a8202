import type {RouteFact, TraceFacts} from '../../kernel/trace/facts.ts';
import type {SkbPath} from '../../kernel/trace/follow-skb.ts';
import type {TraceHop} from '../../model/trace.ts';
import {functionOf} from './drop-reasons.ts';
import {formatEndpoint, type Names} from './names.ts';

export function sendHop({spec, source, id}: TraceFacts, names: Names): TraceHop {
  const {proto, to, port} = spec;
  const from = source === null ? 'no source address' : formatEndpoint(source, proto === 'icmp' ? null : id);
  const what = proto === 'icmp' ? 'icmp echo' : proto;
  return {where: names.ns(spec.from), atMs: null, what: 'send', text: `${what} ${from} → ${formatEndpoint(to, port)}`};
}

const noRoute: Readonly<Record<string, string>> = {
  ENETUNREACH: 'there is none',
  EHOSTUNREACH: 'not for packets that come in by this link',
};

/** As `ip route get fibmatch` would say it. */
export function routeHop({ns, to, route, error}: RouteFact, names: Names, links: TraceFacts['links']): TraceHop {
  const device = route?.oif == null ? null : (links.get(ns)?.find(({index}) => index === route.oif)?.name ?? null);
  const at = {where: names.ns(ns), atMs: null, what: 'route'} as const;
  const via = route?.via ?? null;
  if (route === null) {
    const why = noRoute[error ?? ''] ?? error;
    return {...at, to, prefix: null, via, device, error, text: `route to ${to}: ${why}`};
  }
  const prefix = /\/0$/.test(route.to) ? 'default' : route.to;
  const type = route.type === 'unicast' ? '' : `${route.type} `;
  const words = [`route ${type}${prefix}`, via === null ? '' : `via ${via}`, device === null ? '' : `dev ${device}`];
  return {...at, to, prefix: route.to, via, device, error, text: words.filter(Boolean).join(' ')};
}

type Drop = Extract<NonNullable<SkbPath['end']>, {event: 'drop'}>;

export function dropHop({path, spec}: TraceFacts, {reason, location, atUs}: Drop, names: Names): TraceHop {
  const last = path?.passages.at(-1);
  const where = names.ns(last === undefined ? spec.from : last.ns);
  const atMs = (atUs - (path?.startUs ?? atUs)) / 1000;
  return {where, atMs, what: 'drop', reason, location, text: `dropped by the kernel: ${reason}${placeOf(location)}`};
}

/** ` in tcp_v4_rcv`; kernels before 6.3 tell no names. */
function placeOf(location: string): string {
  const name = functionOf(location);
  return name === '' ? '' : ` in ${name}`;
}

/** The first is the one that takes it: the kernel prefers the more exact address. */
export function socketHop({sockets, spec, arrival}: TraceFacts, names: Names): readonly TraceHop[] {
  const taker = sockets.find(({takes}) => takes);
  if (taker === undefined) return [];
  const {address, port, owners} = taker;
  const who = owners.map(({command, pid}) => `${command} (pid ${pid})`).join(', ') || 'the kernel, or somebody else';
  const text = `${spec.proto} socket ${formatEndpoint(address, port)}: ${who}`;
  return [{where: names.ns(arrival.ns), atMs: null, what: 'socket', address, port, owners, text}];
}

export function answerHop({answer, spec, reply}: TraceFacts, names: Names): readonly TraceHop[] {
  if (answer.kind === 'unknown') return [];
  const at = {where: names.ns(spec.from), atMs: null, what: 'answer'} as const;
  if (answer.kind === 'silence') return lostAnswer(reply, names);
  const from = answer.kind === 'answered' ? null : answer.from;
  const own = answer.kind === 'unreachable' && from === null;
  const what = own
    ? `the kernel says ${answer.what}`
    : `${answer.what}${from === null ? '' : ` from ${from}`} comes back`;
  const text = `${what}, ${formatMs(answer.afterMs)}`;
  return [{...at, answer: answer.what, from, afterMs: answer.afterMs, text}];
}

/** An answer was sent, and did not come: where it ended is told. */
function lostAnswer(reply: SkbPath | null, names: Names): readonly TraceHop[] {
  if (reply?.end?.event !== 'drop') return [];
  const {reason, location} = reply.end;
  const where = names.ns(reply.passages.at(-1)?.ns ?? '');
  const text = `the answer was dropped by the kernel: ${reason}${placeOf(location)}`;
  return [{where, atMs: null, what: 'drop', reason, location, text}];
}

/** `0.35 ms`, `12 ms`, `1.2 s` */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms >= 10 ? ms.toFixed(0) : ms.toFixed(2)} ms`;
}
