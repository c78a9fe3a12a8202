import {
  type Answer,
  CHECKING_DISABLED,
  type OptAnswer,
  type Packet,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from 'dns-packet';
import type {Ip} from '../../model/ip.ts';
import {parseReverseName} from './reverse-name.ts';
import {type Addresses, isClosed, lookUp, nameOfAddress, type Zone} from './zone.ts';

/** A random order, so that clients that take the first address spread over all. */
export type Shuffle = <T>(items: readonly T[]) => readonly T[];

export interface AnswerOptions {
  readonly shuffle: Shuffle;
  /** Of the sandbox's resolv.conf, as its user set it; 0 otherwise. */
  readonly ndots: number;
}

/** RFC 1035 §4.1.1, RFC 6891 §6.1.3 (BADVERS is 16: its upper bits are in the OPT record) */
export const rcodes = {NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16} as const;
export type Rcode = keyof typeof rcodes;

/** Seconds; Docker's. Clients seldom keep answers: the C library has no cache. */
const ttl = 600;
/** What we accept and what we send at most by UDP. The loopback's MTU is 65,536, so nothing is fragmented. */
export const maxUdpBytes = 4096;
const DNSSEC_OK = 0x8000;

/**
 * The answer to a query of one question, or `forward` when no network of the zone knows the name. A name that is known
 * never goes upstream, whatever is asked of it: it has no such records then (NOERROR, no answers).
 */
export function answer(query: Packet, zone: Zone, {shuffle, ndots}: AnswerOptions): Packet | 'forward' {
  const {name, type, class: klass} = query.questions![0]!;
  if ((optOf(query)?.ednsVersion ?? 0) !== 0) return reply(query, 'BADVERS');
  if (klass !== 'IN' && klass !== 'ANY') return reply(query, 'REFUSED');
  const pointer = pointerOf(zone, name);
  if (pointer !== null) return reply(query, 'NOERROR', hasType(type, 'PTR') ? [record(name, 'PTR', pointer)] : []);
  const addresses = lookUp(zone, name);
  if (addresses !== null) return reply(query, 'NOERROR', shuffle(addressRecords(name, type, addresses)));
  if (lookUp(zone, withoutService(name)) !== null) return reply(query, 'NOERROR');
  if (isClosed(zone, name)) return reply(query, 'NXDOMAIN');
  if (!zone.forwards) return reply(query, 'SERVFAIL');
  // As Docker: with ndots the client tries its search domains next, and a bare name means nothing to the world.
  if (ndots > 0 && !name.includes('.') && (type === 'A' || type === 'AAAA')) return reply(query, 'NOERROR');
  return 'forward';
}

/** A response to `query` with its id, question and recursion bits; with an OPT record when it had one. */
export function reply(query: Packet, rcode: Rcode, answers: readonly Answer[] = []): Packet {
  const copied = (query.flags ?? 0) & (RECURSION_DESIRED | CHECKING_DISABLED);
  const opt = optOf(query);
  return {
    type: 'response',
    id: query.id,
    flags: copied | RECURSION_AVAILABLE | (rcodes[rcode] & 0xf),
    questions: query.questions,
    answers: [...answers],
    additionals: opt === undefined ? [] : [ourOpt(opt, rcode)],
  };
}

/** The largest response the client takes by UDP, in bytes. RFC 6891 §6.2.3: below 512 means 512. */
export function udpLimit(query: Packet): number {
  return Math.min(Math.max(optOf(query)?.udpPayloadSize ?? 0, 512), maxUdpBytes);
}

export function optOf({additionals = []}: Packet): OptAnswer | undefined {
  return additionals.find(each => each.type === 'OPT');
}

function ourOpt({flags}: OptAnswer, rcode: Rcode): OptAnswer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: maxUdpBytes,
    extendedRcode: rcodes[rcode] >> 4,
    ednsVersion: 0,
    flags: flags & DNSSEC_OK,
    flag_do: (flags & DNSSEC_OK) !== 0,
    options: [],
  };
}

function pointerOf(zone: Zone, name: string): string | null {
  const ip = parseReverseName(name);
  return ip === null ? null : nameOfAddress(zone, ip);
}

function addressRecords(name: string, type: string, addresses: Addresses): readonly Answer[] {
  const of = (kind: 'A' | 'AAAA', ips: readonly Ip[]): readonly Answer[] =>
    hasType(type, kind) ? ips.map(ip => record(name, kind, ip)) : [];
  return [...of('A', addresses[4]), ...of('AAAA', addresses[6])];
}

function hasType(asked: string, kind: 'A' | 'AAAA' | 'PTR'): boolean {
  return asked === kind || asked === 'ANY';
}

function record(name: string, type: 'A' | 'AAAA' | 'PTR', data: string): Answer {
  return {name, type, class: 'IN', ttl, data};
}

/** `web` of `_http._tcp.web`: a service of a known host is known too. */
function withoutService(name: string): string {
  return name.replace(/^(?:_[^.]*\.)+/, '');
}
