import {ipFromBytes} from '../address-bytes.ts';
import {toBuffer} from '../format.ts';
import type {Expression} from './expressions.ts';

/**
 * A rule in the words of nft(8), as far as it is made of the usual expressions: `iifname "docker0" ip daddr 10.0.0.0/8
 * tcp dport 80 drop`. For people: what it does not know it names (`xt:conntrack`), it never guesses. Counters are left out.
 */
export function describeRule(expressions: readonly Expression[]): string {
  const reader: Reader = {loaded: [], proto: null};
  return expressions
    .map(expression => describe(expression, reader))
    .filter(text => text !== '')
    .join(' ');
}

/** What is in the registers, in the order in which it was loaded; a comparison or a look-up takes all of it. */
interface Reader {
  loaded: Value[];
  /** Of `meta l4proto`, so that `th dport` can be called `tcp dport`. */
  proto: string | null;
}

interface Value {
  readonly text: string;
  readonly kind: keyof typeof formats;
  readonly mask?: Uint8Array;
}

type Data = Readonly<Record<string, unknown>>;

function describe({name, data}: Expression, reader: Reader): string {
  const describer = Object.hasOwn(describers, name ?? '') ? describers[name!] : undefined;
  return describer === undefined ? (name ?? '') : describer((data ?? {}) as Data, reader);
}

const describers: Readonly<Record<string, (data: Data, reader: Reader) => string>> = {
  meta(data, reader) {
    const [text, kind] = metaKeys[Number(data.key)] ?? [`meta ${String(data.key)}`, 'hex'];
    if (data.sreg !== undefined) return `${text} set ${take(reader)}`;
    return load(reader, {text, kind});
  },
  payload: (data, reader) => load(reader, payload(data, reader)),
  ct(data, reader) {
    const [text, kind] = ctKeys[Number(data.key)] ?? [`ct ${String(data.key)}`, 'hex'];
    const direction = data.direction === undefined ? '' : ['original ', 'reply '][Number(data.direction)];
    return load(reader, {text: `ct ${direction}${text.replace(/^ct /, '')}`, kind});
  },
  fib(data, reader) {
    const about = fibFlags.filter((_, bit) => Number(data.flags) & (1 << bit)).join(' . ');
    return load(reader, {text: `fib ${about} ${fibResults[Number(data.result)] ?? ''}`, kind: 'routeType'});
  },
  bitwise(data, reader) {
    const mask = bytesOf(data.mask);
    const last = reader.loaded.pop();
    return last === undefined || mask === undefined ? '' : load(reader, {...last, mask});
  },
  cmp,
  numgen({type, modulus}, reader) {
    const way = Number(type) === 0 ? 'inc' : 'random';
    return load(reader, {text: `numgen ${way} mod ${Number(modulus)}`, kind: 'number'});
  },
  byteorder(_, reader) {
    const last = reader.loaded.pop();
    return last === undefined ? '' : load(reader, {...last, kind: 'bigNumber'});
  },
  range: (_, reader) => `${take(reader)} in a range`,
  lookup(data, reader) {
    const set = `@${String(data.set)}`;
    const key = take(reader);
    if (data.dreg !== undefined) return load(reader, {text: `${key} map ${set}`, kind: 'hex'});
    return `${key} ${Number(data.flags ?? 0) & 1 ? '!= ' : ''}${set}`;
  },
  immediate(data, reader) {
    const {verdict} = (data.data ?? {}) as {verdict?: {code?: number; chain?: string}};
    if (verdict !== undefined) return [verdictNames.get(verdict.code ?? 1), verdict.chain].filter(Boolean).join(' ');
    const value = bytesOf(data.data) ?? new Uint8Array();
    const kind = value.length === 4 ? 'ip' : value.length === 16 ? 'ip' : value.length === 2 ? 'port' : 'hex';
    return load(reader, {text: formats[kind](value), kind});
  },
  nat: (data, reader) => `${Number(data.type) === 0 ? 'snat' : 'dnat'} to ${take(reader, ':')}`,
  masq: () => 'masquerade',
  redir: (_, reader) => ['redirect to', take(reader)].join(' ').trim(),
  counter: () => '',
  reject: () => 'reject',
  // include/uapi/linux/netfilter/nf_tables_compat.h: what iptables-nft carries over from xtables; the name is attribute 1.
  match: data => `xt:${textOf(data['#1'])}`,
  target: data => textOf(data['#1']),
};

function cmp(data: Data, reader: Reader): string {
  const value = bytesOf(data.data) ?? new Uint8Array();
  const last = reader.loaded.pop();
  if (last === undefined) return '';
  if (last.text === 'meta l4proto') {
    reader.proto = formats.proto(value);
    return '';
  }
  if (last.text === 'meta nfproto') return '';
  const unequal = Number(data.op) === 1;
  // `ct state new` is a mask that must not give 0.
  const bits =
    last.mask !== undefined && value.every(byte => byte === 0) && (last.kind === 'state' || last.kind === 'status');
  const text = bits ? formats[last.kind](last.mask!) : compared(last, value);
  const masked = !bits && last.mask !== undefined && last.kind !== 'ip' ? ` & ${hex(last.mask)}` : '';
  const operator = bits ? (unequal ? '' : '!=') : operators[Number(data.op)];
  return [`${last.text}${masked}`, operator, text].filter(Boolean).join(' ');
}

/** enum nft_cmp_ops */
const operators = ['', '!=', '<', '<=', '>', '>='];

function compared({kind, mask}: Value, value: Uint8Array): string {
  if (kind !== 'ip') return formats[kind](value);
  const whole = value.length > 4 ? 16 : 4;
  const address = formats.ip(Uint8Array.from({length: whole}, (_, i) => value[i] ?? 0));
  const length = mask === undefined ? value.length * 8 : ones(mask);
  return length === whole * 8 ? address : `${address}/${length}`;
}

function ones(mask: Uint8Array): number {
  return mask.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
}

function payload({base, offset, length}: Data, {proto}: Reader): Value {
  const at = `${Number(base)}/${Number(offset)}`;
  if (at === '1/12' && Number(length) <= 4) return {text: 'ip saddr', kind: 'ip'};
  if (at === '1/16' && Number(length) <= 4) return {text: 'ip daddr', kind: 'ip'};
  if (at === '1/8' && Number(length) > 4) return {text: 'ip6 saddr', kind: 'ip'};
  if (at === '1/24' && Number(length) > 4) return {text: 'ip6 daddr', kind: 'ip'};
  if (at === '1/9') return {text: 'ip protocol', kind: 'proto'};
  if (at === '2/0' && Number(length) === 2) return {text: `${proto ?? 'th'} sport`, kind: 'port'};
  if (at === '2/2' && Number(length) === 2) return {text: `${proto ?? 'th'} dport`, kind: 'port'};
  if (at === '2/0' && Number(length) === 1 && proto === 'icmp') return {text: 'icmp type', kind: 'icmpType'};
  return {
    text: `@${['ll', 'nh', 'th'][Number(base)] ?? 'ih'},${Number(offset) * 8},${Number(length) * 8}`,
    kind: 'hex',
  };
}

function load(reader: Reader, value: Value): string {
  reader.loaded.push(value);
  return '';
}

function take(reader: Reader, separator = ' . '): string {
  return reader.loaded
    .splice(0)
    .map(({text}) => text)
    .join(separator);
}

/** How a value reads. */
const formats = {
  ifname: (value: Uint8Array) => `"${textOf(value)}${value.includes(0) ? '' : '*'}"`,
  ip: (value: Uint8Array) => (value.length === 4 || value.length === 16 ? ipFromBytes(value) : hex(value)),
  port: (value: Uint8Array) => `${value[0]! * 256 + (value[1] ?? 0)}`,
  proto: (value: Uint8Array) => protocolNames.get(value[0]!) ?? `${value[0]}`,
  icmpType: (value: Uint8Array) => icmpTypes.get(value[0]!) ?? `${value[0]}`,
  routeType: (value: Uint8Array) => ['missing', 'unicast', 'local', 'broadcast'][value[0]!] ?? `${value[0]}`,
  state: (value: Uint8Array) => bitNames(value, ['invalid', 'established', 'related', 'new', '', '', 'untracked']),
  status: (value: Uint8Array) => bitNames(value, ['expected', 'seen-reply', 'assured', 'confirmed', 'snat', 'dnat']),
  number: (value: Uint8Array) => (value.length === 4 ? `${toBuffer(value).readUInt32LE()}` : hex(value)),
  bigNumber: (value: Uint8Array) => (value.length === 4 ? `${toBuffer(value).readUInt32BE()}` : hex(value)),
  hex,
};

const metaKeys: Readonly<Record<number, readonly [string, keyof typeof formats]>> = {
  3: ['meta mark', 'number'],
  4: ['iif', 'number'],
  5: ['oif', 'number'],
  6: ['iifname', 'ifname'],
  7: ['oifname', 'ifname'],
  10: ['meta skuid', 'number'],
  12: ['meta nftrace', 'hex'],
  15: ['meta nfproto', 'proto'],
  16: ['meta l4proto', 'proto'],
};
const ctKeys: Readonly<Record<number, readonly [string, keyof typeof formats]>> = {
  0: ['ct state', 'state'],
  1: ['ct direction', 'hex'],
  2: ['ct status', 'status'],
  3: ['ct mark', 'number'],
  12: ['ct proto-dst', 'port'],
  20: ['ct ip daddr', 'ip'],
  22: ['ct ip6 daddr', 'ip'],
};
/** enum nft_fib_flags, by bit; enum nft_fib_result. */
const fibFlags = ['saddr', 'daddr', 'mark', 'iif', 'oif'];
const fibResults = ['', 'oif', 'oifname', 'type'];
const icmpTypes = new Map([
  [0, 'echo-reply'],
  [3, 'destination-unreachable'],
  [5, 'redirect'],
  [8, 'echo-request'],
  [11, 'time-exceeded'],
]);
const protocolNames = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmpv6'],
  [132, 'sctp'],
]);
const verdictNames = new Map([
  [0, 'drop'],
  [1, 'accept'],
  [3, 'queue'],
  [-3, 'jump'],
  [-4, 'goto'],
  [-5, 'return'],
]);

function bytesOf(data: unknown): Uint8Array | undefined {
  return (data as {value?: Uint8Array} | undefined)?.value;
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? toBuffer(value).toString().replace(/\0.*$/s, '') : '';
}

function hex(value: Uint8Array): string {
  return `0x${toBuffer(value).toString('hex')}`;
}

/** `names[i]` of every bit i that is set; both conntrack fields are u32 in host order. */
function bitNames(value: Uint8Array, names: readonly string[]): string {
  return names.filter((name, i) => name !== '' && (value[i >> 3] ?? 0) & (1 << (i & 7))).join(',');
}
