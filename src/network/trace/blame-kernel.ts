import type {NamespacePath} from '../../kernel/item.ts';
import type {LinkInfo} from '../../kernel/netlink/link.ts';
import type {TraceFacts} from '../../kernel/trace/facts.ts';
import type {SkbPath} from '../../kernel/trace/follow-skb.ts';
import {type DropReason, type DropScene, explainDrop, explainIsolation} from './drop-reasons.ts';
import {type Judgement, judgement} from './judgement.ts';
import type {Names} from './names.ts';
import {explainRule} from './rule-reasons.ts';

/** The kernel gave a reason when it freed the packet. */
export function byKernel(facts: TraceFacts, path: SkbPath, names: Names): Judgement {
  if (path.end?.event !== 'drop') throw new TypeError('no drop');
  const {reason, location} = path.end;
  const scene = sceneOf(facts, path, names);
  const sealed = reason === 'IP_INADDRERRORS' && names.internal.has(scene.link);
  const rule = sealed
    ? explainRule('internal network', {...facts.spec, from: names.ns(facts.spec.from), to: null})
    : null;
  const unasked = reason === 'NEIGH_FAILED' ? unheard(facts, names) : null;
  const {because, fix} = rule ?? unasked ?? explainDrop(reason, {...scene, location});
  const outcome = reason === 'NO_SOCKET' ? 'refused' : facts.answer.kind === 'unreachable' ? 'unreachable' : 'dropped';
  return judgement(outcome, ` on ${scene.where}: ${reason}`, because, fix);
}

function sceneOf({spec, source, arrival, links}: TraceFacts, path: SkbPath, names: Names): Omit<DropScene, 'location'> {
  const last = path.passages.findLast(({event}) => event === 'receive');
  const ns = path.passages.at(-1)?.ns ?? (path.passages.length === 0 ? spec.from : null);
  const port = last === undefined ? undefined : links.get('')?.find(({name}) => last.ns === '' && name === last.link);
  // What the kernel blames is the bridge, though the frame came in by its port.
  const master = port?.masterIndex == null ? undefined : names.link('', port.masterIndex);
  return {
    where: names.ns(ns),
    link: master ?? last?.link ?? '',
    source: source ?? 'the source',
    destination: arrival.address,
    port: arrival.port === null ? '' : `${spec.proto} port ${arrival.port}`,
  };
}

/** The same of the answer. */
export function answerLost(facts: TraceFacts, reply: SkbPath, names: Names): Judgement {
  if (reply.end?.event !== 'drop') throw new TypeError('no drop');
  const {reason, location} = reply.end;
  const scene = {
    ...sceneOf(facts, reply, names),
    source: facts.arrival.address,
    destination: facts.source ?? '',
    location,
  };
  const {because, fix} = explainDrop(reason, scene);
  return judgement(
    'unanswered',
    `: ${names.ns(facts.arrival.ns)} answered, and the answer was dropped on ${scene.where}`,
    because,
    fix,
  );
}

const errnos: Readonly<Record<string, string>> = {
  ENETUNREACH: 'there is no route',
  EHOSTUNREACH: 'nobody answers to ARP (or neighbour discovery) for it, or a router says so',
  EPERM: 'a rule of the output hook refuses it',
  EACCES: 'a broadcast address, or a rule, forbids it',
  EADDRNOTAVAIL: 'no address of this family is there to send from',
  EINVAL: 'the address is none that one can send to from there',
};

/** The sender was told so, and nobody was seen to drop it. */
export function unreachable(facts: TraceFacts, names: Names): Judgement {
  const {answer, spec, source, routes, path} = facts;
  if (answer.kind !== 'unreachable') throw new TypeError('no such answer');
  const {what, from} = answer;
  const own = from === null || from === source;
  const summary = `, says ${own ? `the kernel of ${names.ns(spec.from)}` : from}: ${what}`;
  if (routes.source.error !== null) {
    const fix = 'attach it to a network that has one; a network made with --internal has none';
    return judgement('unreachable', summary, `${names.ns(spec.from)} has no route to ${spec.to}`, fix);
  }
  // Who says so has asked for a MAC address in vain: the sender itself, or the host that was to forward.
  const last = path?.passages.at(-1);
  const waits = last?.ns === '' && last.event === 'receive';
  if (!(own || waits) || !/^(host|address) unreachable|^EHOSTUNREACH/.test(what))
    return judgement('unreachable', summary, errnos[what] ?? null, null);
  const {because, fix} = unheard(facts, names);
  return judgement('unreachable', summary, because, fix);
}

/** ARP's question is a packet too: it is the first that isolated ports do not pass. */
function unheard({spec, arrival, routes, links, path}: TraceFacts, names: Names): DropReason {
  const portOf = (ns: NamespacePath | null): LinkInfo | undefined => {
    const veth = spec.veths.find(pair => pair.ns === ns)?.host;
    return links.get('')?.find(({name}) => name === veth);
  };
  const [a, b] = [portOf(spec.from), portOf(arrival.ns)];
  if (a?.isolated && b?.isolated && a.masterIndex === b.masterIndex) return explainIsolation(names.ns(''));
  const forwarded = spec.from === '' || (path?.passages ?? []).some(({ns}) => ns === '');
  const {route} = (forwarded ? routes.forward : routes.source) ?? routes.source;
  const asked = route?.via ?? (forwarded ? arrival.address : spec.to);
  const who = names.ns(forwarded ? '' : spec.from);
  return {
    because: `nobody answers when ${who} asks for the MAC address of ${asked}`,
    fix: 'is that machine up, and on this link?',
  };
}
