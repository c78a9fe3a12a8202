import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {run} from '../../fixture/host.ts';

/** The kernel's facts, read with `ip` and `nft` and none of our own readers, in the lines of `expectedFacts()`. */
export function observedFacts(dir: string): readonly string[] {
  const boxes = readdirSync(`${dir}/netns`).filter(name => name.startsWith('box'));
  const script = [
    'ip -j -d link; ip -j addr; tc -j qdisc; nft -j list table inet tnet 2>/dev/null || echo null',
    ...boxes.map(
      box =>
        `nsenter --net=${dir}/netns/${box} sh -c 'ip -j addr; ip -j -4 route show default; ip -j -6 route show default'`,
    ),
  ].join(' && ');
  const [links, addresses, qdiscs, table, ...inside] = parseAll(run(script)) as [
    Link[],
    Addressed[],
    Qdisc[],
    Listing | null,
    ...unknown[],
  ];
  const devices = links.filter(({ifname}) => ifname !== 'lo' && ifname !== 'eth0');
  const facts = [
    ...devices.map(linkFact),
    ...addressFacts(addresses.filter(({ifname}) => ifname !== 'lo' && ifname !== 'eth0')).map(
      fact => `address ${fact}`,
    ),
    ...qdiscs.flatMap(qdiscFact),
    ...['eth0', ...devices.filter(({linkinfo}) => linkinfo?.info_kind === 'bridge').map(({ifname}) => ifname)].flatMap(
      sysctlFacts,
    ),
    ...(table?.nftables ?? []).flatMap(({set, map}) => elementFacts(set ?? map)),
    ...boxes.flatMap((box, i) => boxFacts(Number(box.slice(3)), inside.slice(3 * i, 3 * i + 3))),
  ];
  return facts.sort();
}

interface Link {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly master?: string;
  readonly address: string;
  readonly linkinfo?: {readonly info_kind?: string; readonly info_slave_data?: {hairpin?: boolean; isolated?: boolean}};
}

interface Addressed extends Link {
  readonly addr_info: readonly {family: string; local: string; prefixlen: number; scope: string; dynamic?: boolean}[];
}

interface Qdisc {
  readonly dev: string;
  readonly kind: string;
  readonly options: {readonly rate?: number};
}

interface Route {
  readonly gateway: string;
  readonly dev: string;
}

interface Listing {
  readonly nftables: readonly {readonly set?: NftSet; readonly map?: NftSet}[];
}

interface NftSet {
  readonly name: string;
  readonly elem?: readonly unknown[];
}

/** Several JSON texts after another; `ip` writes one a line, or nothing. */
function parseAll(text: string): unknown[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as unknown);
}

function linkFact({ifname, flags, mtu, master, linkinfo}: Link): string {
  const {hairpin, isolated} = linkinfo?.info_slave_data ?? {};
  const words = [ifname, linkinfo?.info_kind, flags.includes('UP') ? 'up' : 'down', 'mtu', mtu];
  if (master) words.push('master', master);
  if (hairpin) words.push('hairpin');
  if (isolated) words.push('isolated');
  return `link ${words.join(' ')}`;
}

/** Those that nobody asked for are the kernel's. */
function qdiscFact({dev, kind, options}: Qdisc): readonly string[] {
  if (kind === 'ingress') return [`qdisc ${dev} ingress`];
  return kind === 'tbf' ? [`qdisc ${dev} tbf ${options.rate}`] : [];
}

/** Link-local addresses that the kernel makes by itself are nobody's. */
function addressFacts(links: readonly Addressed[]): readonly string[] {
  return links.flatMap(({ifname, addr_info}) =>
    addr_info
      .filter(({local, scope}) => scope !== 'link' || local === 'fe80::1')
      .map(({local, prefixlen}) => `${ifname} ${local}/${prefixlen}`),
  );
}

/** Those that differ from what a fresh device has; settings of IPv6 count where the device speaks it. */
function sysctlFacts(device: string): readonly string[] {
  const read = (path: string): string | null =>
    existsSync(`/proc/sys/${path}`) ? readFileSync(`/proc/sys/${path}`, 'utf8').trim() : null;
  const fact = (path: string): readonly string[] => {
    const value = read(path);
    return value === null ? [] : [`sysctl ${path} = ${value}`];
  };
  const [v4, v6] = [`net/ipv4/conf/${device}`, `net/ipv6/conf/${device}`];
  const force = fact(`${v6}/force_forwarding`).filter(line => line.endsWith('1'));
  if (device === 'eth0') return [...fact(`${v4}/forwarding`).filter(line => line.endsWith('1')), ...force];
  const has4 = read(`${v4}/route_localnet`) === '1';
  const has6 = read(`${v6}/accept_ra`) === '0';
  return [
    ...(has4 ? [...fact(`${v4}/route_localnet`), ...fact(`${v4}/forwarding`)] : []),
    ...(has6 ? [...fact(`${v6}/accept_ra`), ...fact(`${v6}/disable_ipv6`)] : []),
    ...force,
  ];
}

function elementFacts(set: NftSet | undefined): readonly string[] {
  return (set?.elem ?? []).flatMap(each => {
    const [key, data] = isPair(each) ? each : [each, null];
    const keys = set!.name.startsWith('open') ? eachPort(text(key)) : [text(key)];
    return keys.map(one => `${set!.name} { ${one}${data === null ? '' : ` : ${text(data)}`} }`);
  });
}

/** `… . 70-71` is `… . 70` and `… . 71`: how a container's open ports are cut into intervals is the planner's own affair. */
function eachPort(key: string): readonly string[] {
  const [, head, first, last = first] = /^(.* )(\d+)(?:-(\d+))?$/.exec(key)!;
  return Array.from({length: Number(last) - Number(first) + 1}, (_, i) => `${head}${Number(first) + i}`);
}

function isPair(value: unknown): value is readonly [unknown, unknown] {
  return Array.isArray(value);
}

/** Counters are not compared. */
function text(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const object = value as Readonly<Record<string, unknown>>;
  if ('elem' in object) return text((object.elem as {val: unknown}).val);
  if ('concat' in object) return (object.concat as unknown[]).map(text).join(' . ');
  if ('range' in object) return (object.range as unknown[]).map(text).join('-');
  if ('prefix' in object) {
    const {addr, len} = object.prefix as {addr: string; len: number};
    return `${addr}/${len}`;
  }
  throw new TypeError(`unknown nft value ${JSON.stringify(value)}`);
}

function boxFacts(box: number, [links, ...routes]: readonly unknown[]): readonly string[] {
  const facts = [
    ...(links as Addressed[])
      .filter(({flags}) => flags.includes('UP'))
      .map(({ifname, address}) => (ifname === 'lo' ? 'link lo' : `link ${ifname} ${address}`)),
    ...addressFacts((links as Addressed[]).filter(({ifname}) => ifname !== 'lo')).map(fact => `address ${fact}`),
    ...(routes as Route[][]).flat().map(({gateway, dev}) => `default ${gateway} dev ${dev}`),
  ];
  return facts.map(fact => `box ${box} ${fact}`);
}
