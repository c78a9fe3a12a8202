import type {NamespacePath} from '../../kernel/item.ts';
import type {LinkInfo} from '../../kernel/netlink/link.ts';
import type {ChainRun} from '../../kernel/trace/chain-run.ts';
import type {DirectedRun, TraceFacts} from '../../kernel/trace/facts.ts';
import type {SkbPath} from '../../kernel/trace/follow-skb.ts';
import type {TraceOutcome, TraceReport} from '../../model/trace.ts';
import {type DropReason, type DropScene, explainDrop, explainIsolation} from './drop-reasons.ts';
import {formatMs} from './hops.ts';
import {formatEndpoint, type Names} from './names.ts';
import {explainRule} from './rule-reasons.ts';

type Judgement = Pick<TraceReport, 'outcome' | 'summary' | 'because' | 'fix'>;

/** How it ended and why: the sender's experience first, then who took the packet away, then what is missing. */
export function judge(facts: TraceFacts, names: Names): Judgement {
  const {answer, path, reply} = facts;
  if (answer.kind === 'answered') return delivered(facts, names, `${answer.what} after ${formatMs(answer.afterMs)}`);
  const culprit = facts.runs.find(({run}) => run.verdict === 'drop');
  if (culprit !== undefined) return byRule(facts, culprit, names);
  if (answer.kind === 'refused') return refused(facts, names);
  if (path?.end?.event === 'drop') return byKernel(facts, path, names);
  if (answer.kind === 'unreachable') return unreachable(facts, names);
  if (reply?.end?.event === 'drop' && reply.end.reason !== 'NO_SOCKET') return answerLost(facts, reply, names);
  if (arrived(facts) && (answer.kind === 'unknown' || facts.spec.proto === 'udp')) return taken(facts, names);
  return unanswered(facts, names);
}

const judgement = (
  outcome: TraceOutcome,
  summary: string,
  because?: string | null,
  fix?: string | null,
): Judgement => ({
  outcome,
  summary: `${outcome}${summary}`,
  because: because ?? null,
  fix: fix ?? null,
});

function delivered(facts: TraceFacts, names: Names, proof: string): Judgement {
  return judgement('delivered', ` to ${receiver(facts, names)}: ${proof}`);
}

/** `web (nginx, pid 123)` */
function receiver({arrival, sockets}: TraceFacts, names: Names): string {
  const [owner] = sockets.find(({takes}) => takes)?.owners ?? [];
  const place = arrival.ns === null ? arrival.address : names.ns(arrival.ns);
  return owner === undefined ? place : `${place} (${owner.command}, pid ${owner.pid})`;
}

function arrived({path, arrival}: TraceFacts): boolean {
  return path !== null && path.passages.at(-1)?.ns === arrival.ns;
}

/** UDP answers only if the receiver wants to; of another's packet we cannot know. */
function taken(facts: TraceFacts, names: Names): Judgement {
  const {spec, sockets} = facts;
  if (spec.proto !== 'icmp' && facts.arrival.ns !== null && !sockets.some(({takes}) => takes))
    return refused(facts, names);
  const proof =
    spec.proto === 'udp' ? 'the datagram was taken; no answer came, and none need come' : 'the packet arrived';
  return delivered(facts, names, proof);
}

function byRule(facts: TraceFacts, {ns, direction, run}: DirectedRun, names: Names): Judgement {
  const {spec, arrival, answer} = facts;
  const hit = run.hits.at(-1);
  const where = `nft ${run.family} ${run.table} ${run.chain}`;
  const rule =
    run.by === 'policy' ? 'the policy of the chain' : `rule ${hit?.handle}: ${hit?.text ?? 'gone meanwhile'}`;
  const rejects = run.by === 'rule' && /\b(reject|REJECT)\b/.test(hit?.text ?? '');
  const scene = {
    from: names.ns(spec.from),
    to: names.containers.get(arrival.ns ?? '') ?? null,
    port: arrival.port,
    proto: spec.proto,
  };
  const ours =
    run.table === 'tnet' && run.family === 'inet' && hit?.comment != null ? explainRule(hit.comment, scene) : null;
  const what = direction === 'back' ? ': the answer, on' : ' on';
  const named = ours === null ? rule : `"${hit!.comment}"`;
  const told = rejects && answer.kind !== 'silence' ? 'rejected' : 'dropped';
  return judgement(
    told,
    `${what} ${names.ns(ns)} by ${where}: ${named}`,
    ours?.because ?? foreign(run),
    ours?.fix ?? removal(run),
  );
}

function foreign({table, by}: ChainRun): string | null {
  if (table === 'tnet') return null;
  const what = by === 'policy' ? 'lets nothing through that it has no rule for' : 'has a rule for it';
  return `another program's table ${what}; an accept of tnet's does not overrule a drop there`;
}

function removal({family, table, chain, by, hits}: ChainRun): string | null {
  if (table === 'tnet') return null;
  const handle = hits.at(-1);
  if (by === 'policy')
    return `allow it there: nft add rule ${family} ${table} ${chain} … accept, or ask whose table it is`;
  return `look at it: nft -a list chain ${family} ${table} ${handle?.chain ?? chain} (handle ${handle?.handle})`;
}

function refused(facts: TraceFacts, names: Names): Judgement {
  const {spec, arrival, sockets} = facts;
  const place = receiver({...facts, sockets: []}, names);
  const elsewhere = sockets.filter(({takes}) => !takes);
  const held = sockets.find(({owners}) => owners.some(({pid}) => pid === names.daemonPid));
  if (held !== undefined) {
    // Published ports are held by sockets of ours, which take nothing.
    const told = `port ${held.port} is published on ${held.address} only`;
    return judgement('refused', ` by ${place}`, told, 'publish it on the address that was asked for: tnet port add');
  }
  const because = `nothing listens on ${spec.proto} ${formatEndpoint(arrival.address, arrival.port)}`;
  if (elsewhere.length > 0) {
    const own = elsewhere.map(({address, port}) => formatEndpoint(address, port)).join(', ');
    const who = elsewhere[0]!.owners[0]?.command ?? 'a server';
    return judgement(
      'refused',
      ` by ${place}`,
      `${because}; ${who} listens on ${own} only`,
      `let ${who} listen on 0.0.0.0`,
    );
  }
  const fix = arrival.ns === null ? null : 'start the server, or use the port it listens on (ss -ln in there shows it)';
  return judgement('refused', ` by ${place}`, because, fix);
}

function byKernel(facts: TraceFacts, path: SkbPath, names: Names): Judgement {
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

function answerLost(facts: TraceFacts, reply: SkbPath, names: Names): Judgement {
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

function unreachable(facts: TraceFacts, names: Names): Judgement {
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

function unanswered(facts: TraceFacts, names: Names): Judgement {
  const {answer, path, arrival} = facts;
  const waited = answer.kind === 'silence' ? ` within ${formatMs(answer.afterMs)}` : '';
  const last = path?.passages.at(-1);
  if (path === null) return judgement('unanswered', `: nothing came back${waited}`, null, null);
  if (arrived(facts)) {
    const who = receiver(facts, names);
    return judgement(
      'unanswered',
      `: it reached ${who}, and nothing came back${waited}`,
      'the receiver is silent, or its answer took another way',
      null,
    );
  }
  if (last?.ns === '' && last.event === 'receive') {
    const because = `${names.ns('')} still asks for the MAC address of ${arrival.address}: nobody answers`;
    return judgement('unanswered', `: it waits on the host${waited}`, because, 'is that machine up, and on this link?');
  }
  const because = `it left ${names.ns(last?.ns ?? '')} by ${last?.link ?? 'a link'}; what happens beyond is not for this kernel to see`;
  return judgement(
    'unanswered',
    `: nothing came back${waited}`,
    because,
    `trace it there too: tcpdump -ni ${last?.link ?? 'any'} host ${arrival.address}`,
  );
}
