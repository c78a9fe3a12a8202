import type {TraceFacts} from '../../kernel/trace/facts.ts';
import {answerLost, byKernel, unreachable} from './blame-kernel.ts';
import {byRule} from './blame-rule.ts';
import {formatMs} from './hops.ts';
import {type Judgement, judgement, receiver} from './judgement.ts';
import {formatEndpoint, type Names} from './names.ts';

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

function delivered(facts: TraceFacts, names: Names, proof: string): Judgement {
  return judgement('delivered', ` to ${receiver(facts, names)}: ${proof}`);
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

function unanswered(facts: TraceFacts, names: Names): Judgement {
  const {answer, path, arrival} = facts;
  const waited = answer.kind === 'silence' ? ` within ${formatMs(answer.afterMs)}` : '';
  const last = path?.passages.at(-1);
  if (path === null) return judgement('unanswered', `: nothing came back${waited}`, null, null);
  if (arrived(facts)) {
    const who = receiver(facts, names);
    const summary = `: it reached ${who}, and nothing came back${waited}`;
    const {answer: back} = facts.routes;
    if (back != null && back.error !== null)
      return judgement(
        'unanswered',
        summary,
        `${names.ns(back.ns)} has no route to ${back.to}, and so nowhere to send its answer`,
        `look at the routes of ${names.ns(back.ns)}: ip route get ${back.to}`,
      );
    return judgement('unanswered', summary, 'the receiver is silent, or its answer took another way', null);
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
