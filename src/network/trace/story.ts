import type {TraceFacts} from '../../kernel/trace/facts.ts';
import type {TraceHop, TraceReport} from '../../model/trace.ts';
import {answerHop, dropHop, routeHop, sendHop, socketHop} from './hops.ts';
import {linkHop} from './link-hops.ts';
import {type KnownNames, type Names, namesOf} from './names.ts';
import {createRunTeller} from './run-hops.ts';
import {judge} from './verdict.ts';

/** From facts to what people are told: each hop in the order of the way, then how it ended and why. Pure. */
export function tellStory(facts: TraceFacts, known: KnownNames): TraceReport {
  const names = namesOf(facts, known);
  const {spec, source, id, recordingProblem} = facts;
  return {
    ...judge(facts, names),
    packet: {
      proto: spec.proto,
      source,
      sourcePort: id,
      destination: spec.to,
      destinationPort: spec.port,
    },
    hops: tellHops(facts, names),
    notes: recordingProblem === null ? [] : [`links and kernel drops were not seen: ${recordingProblem}`],
  };
}

/**
 * Links are passed at times the kernel tells, rules only in an order: a rule's hop is told before the packet leaves its
 * namespace, or where it ends.
 */
function tellHops(facts: TraceFacts, names: Names): readonly TraceHop[] {
  const {path} = facts;
  const teller = createRunTeller(facts, names);
  const hops: TraceHop[] = [sendHop(facts, names)];
  hops.push(routeHop(facts.routes.source, names, facts.links));
  const passages = path?.passages ?? [];
  passages.forEach((passage, i) => {
    if (passage.event === 'send' && passage.ns !== null) hops.push(...teller.untilSent(passage.ns));
    const hop = linkHop(passages[i - 1], passage, {facts, names});
    if (hop !== null) hops.push(hop);
  });
  hops.push(...teller.rest());
  if (path?.end?.event === 'drop') hops.push(dropHop(facts, path.end, names));
  if (hasArrived(facts)) hops.push(...socketHop(facts, names));
  return [...hops, ...answerHop(facts, names)];
}

/** Without a record of links, an answer of the destination proves it. */
function hasArrived({path, arrival, answer}: TraceFacts): boolean {
  if (answer.kind === 'answered') return true;
  return path?.end?.event !== 'drop' && path?.passages.at(-1)?.ns === arrival.ns;
}
