import * as v from 'valibot';
import type {Answer} from '../../../kernel/trace/probe.ts';
import {type Ip, ipFamily} from '../../../model/ip.ts';
import {ipText, portNumber} from '../../document/formats.ts';
import {type CheckType, probeTimeoutMs, shared, type Verdict} from '../check-type.ts';
import type {Eyes} from '../eyes.ts';

/** One packet of a node's own: an ICMP echo, a TCP connection, a datagram that wants an answer. */
export const probeEntries = {
  from: v.string(),
  to: ipText,
  proto: v.optional(v.picklist(['icmp', 'tcp', 'udp']), 'icmp'),
  port: v.optional(portNumber),
  /** Bytes of an ICMP echo, IP header included, that nobody may fragment: does a packet as big as that pass? */
  size: v.optional(v.pipe(v.number(), v.integer(), v.minValue(84), v.maxValue(65_535))),
};

export const probeSchema = v.strictObject(probeEntries);
export type ProbeEntries = v.InferOutput<typeof probeSchema>;

/** The other way too: from the node that has `to` to the address that packets to it carry. */
const bothWays = {bidirectional: v.optional(v.boolean())};

export const reachableSchema = v.strictObject({
  ...shared,
  ...probeEntries,
  ...bothWays,
  type: v.literal('reachable'),
});

export const unreachableSchema = v.strictObject({
  ...shared,
  ...probeEntries,
  ...bothWays,
  type: v.literal('unreachable'),
  /** `silence`: dropped without a word; `refused`: told so. Any by default. */
  how: v.optional(v.picklist(['silence', 'refused'])),
});

export const reachableType: CheckType<v.InferOutput<typeof reachableSchema>> = {
  layer: 'reach',
  look: (eyes, check) => lookBothWays(eyes, check, ({kind}) => kind === 'answered', 'gets an answer from'),
};

export const unreachableType: CheckType<v.InferOutput<typeof unreachableSchema>> = {
  layer: 'reach',
  look: (eyes, check) => lookBothWays(eyes, check, answer => isMissing(answer, check.how), 'gets no answer from'),
};

function isMissing({kind}: Answer, how: 'silence' | 'refused' | undefined): boolean {
  return kind !== 'answered' && (how === undefined || (how === 'silence') === (kind === 'silence'));
}

type Probe = ProbeEntries & {readonly bidirectional?: boolean | undefined};

/** The first way that is not as wanted. */
async function lookBothWays(
  eyes: Eyes,
  check: Probe,
  isWanted: (answer: Answer) => boolean,
  verb: string,
): Promise<Verdict> {
  const there = await lookOneWay(eyes, check, isWanted, verb);
  if (!there.ok || !check.bidirectional) return there;
  const back = wayBack(eyes, check);
  return typeof back === 'string'
    ? {ok: false, expected: there.expected, got: back, observed: 'none'}
    : lookOneWay(eyes, back, isWanted, verb);
}

async function lookOneWay(
  eyes: Eyes,
  probe: ProbeEntries,
  isWanted: (answer: Answer) => boolean,
  verb: string,
): Promise<Verdict> {
  const answer = await send(eyes, probe);
  return {
    ok: isWanted(answer),
    expected: `${probe.from} ${verb} ${target(probe)}`,
    got: describe(answer),
    observed: observedOf(answer),
  };
}

/** Why there is none, in words. */
function wayBack(eyes: Eyes, check: Probe): ProbeEntries | string {
  const owner = eyes.nodes.find(
    node => eyes.exists(node) && eyes.addresses(node).some(each => each.address === check.to),
  );
  if (owner === undefined) return `no node of this lab has ${check.to}, so there is no way back to try`;
  const source = sourceOf(eyes, check);
  return source === null ? `${check.from} has no address to be asked at` : {...check, from: owner, to: source};
}

/** The kernel says it with an IPv4 route; of IPv6, an address of the link that the packet takes. */
function sourceOf(eyes: Eyes, {from, to}: Probe): Ip | null {
  const {route} = eyes.lookUp(from, to);
  if (route?.prefsrc) return route.prefsrc;
  const own = eyes.addresses(from).filter(({address, scope}) => scope === 0 && ipFamily(address) === ipFamily(to));
  return (own.find(({index}) => index === route?.oif) ?? own[0])?.address ?? null;
}

export function send(eyes: Eyes, {from, to, proto, port, size}: ProbeEntries): Promise<Answer> {
  const bytes = size === undefined ? {} : {size};
  return eyes.probe(from, {to, proto, port: port ?? 7, timeoutMs: probeTimeoutMs, ...bytes});
}

function target({to, proto, port, size}: ProbeEntries): string {
  const what = size === undefined ? proto : `${proto}, ${size} bytes in one piece`;
  return `${to}${port === undefined ? '' : `:${port}`} (${what})`;
}

function describe(answer: Answer): string {
  switch (answer.kind) {
    case 'answered':
      return `an answer: ${answer.what}`;
    case 'refused':
    case 'unreachable':
      return `${answer.what}${answer.from === null ? '' : `, said ${answer.from}`}`;
    default:
      return `silence`;
  }
}

function observedOf(answer: Answer): string {
  return answer.kind === 'unreachable' ? answer.what : answer.kind;
}
