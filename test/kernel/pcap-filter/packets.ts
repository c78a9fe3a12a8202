/** Frames as they are on the wire, every layer that the filters look at, and some that end too early. */
const macs = ['02:42:ac:11:00:02', '02:42:ac:11:00:03', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:fb', '33:33:00:00:00:01'];
const hex = (text: string): Buffer => Buffer.from(text.replace(/[\s:]/g, ''), 'hex');
const u16 = (...values: readonly number[]): Buffer => Buffer.from(values.flatMap(value => [value >> 8, value & 255]));
const ip4 = (text: string): Buffer => Buffer.from(text.split('.').map(Number));

const ether = (type: number, payload: Buffer, destination = macs[1]!): Buffer =>
  Buffer.concat([hex(destination), hex(macs[0]!), u16(type), payload]);

interface Ends {
  readonly source: string;
  readonly destination: string;
}

interface Ipv4 extends Ends {
  readonly protocol: number;
  readonly fragment?: number;
  readonly options?: number;
}

const ipv4 = ({protocol, source, destination, fragment = 0, options = 0}: Ipv4, payload: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from([0x45 + options, 0]),
    u16(20 + 4 * options + payload.length, 7, fragment),
    Buffer.from([64, protocol, 0, 0]),
    ip4(source),
    ip4(destination),
    Buffer.alloc(4 * options, 1),
    payload,
  ]);

const ipv6 = (next: number, {source, destination}: Ends, payload: Buffer): Buffer =>
  Buffer.concat([
    hex('60000000'),
    u16(payload.length),
    Buffer.from([next, 64]),
    hex(source),
    hex(destination),
    payload,
  ]);

const ports = (source: number, destination: number, bytes = 24): Buffer =>
  Buffer.concat([u16(source, destination), Buffer.alloc(bytes)]);

const arp = (operation: number, source: string, destination: string): Buffer =>
  Buffer.concat([
    hex('0001 0800 06 04'),
    u16(operation),
    hex(macs[0]!),
    ip4(source),
    Buffer.alloc(6),
    ip4(destination),
  ]);

const pairs: readonly Ends[] = [
  {source: '172.17.0.2', destination: '172.17.0.3'},
  {source: '172.17.0.3', destination: '172.17.0.2'},
  {source: '10.0.0.1', destination: '192.168.1.7'},
  {source: '172.17.0.2', destination: '255.255.255.255'},
  {source: '172.17.0.2', destination: '224.0.0.251'},
];
const pairs6: readonly Ends[] = [
  {source: 'fd000000000000000000000000000002', destination: 'fd000000000000000000000000000003'},
  {source: 'fe800000000000000042acfffe110002', destination: 'ff020000000000000000000000000001'},
];
const portPairs = [
  [40_000, 80],
  [80, 40_000],
  [53, 53],
  [5000, 8080],
] as const;

const whole: readonly Buffer[] = [
  ...pairs.flatMap(ends =>
    [6, 17, 132].flatMap(protocol =>
      portPairs.flatMap(([from, to]) => [
        ether(0x0800, ipv4({...ends, protocol}, ports(from, to))),
        ether(0x0800, ipv4({...ends, protocol, options: 3}, ports(from, to, 400))),
        ether(0x0800, ipv4({...ends, protocol, fragment: 0x2000}, ports(from, to))),
        ether(0x0800, ipv4({...ends, protocol, fragment: 0x00b9}, ports(from, to))),
      ]),
    ),
  ),
  ...pairs.flatMap(ends =>
    [1, 2, 47, 50, 51].map(protocol => ether(0x0800, ipv4({...ends, protocol}, Buffer.alloc(64)))),
  ),
  ...pairs6.flatMap(ends =>
    [6, 17, 132].flatMap(next => portPairs.map(([from, to]) => ether(0x86dd, ipv6(next, ends, ports(from, to))))),
  ),
  ...pairs6.flatMap(ends => [58, 50, 51, 2].map(next => ether(0x86dd, ipv6(next, ends, Buffer.alloc(64)), macs[4]))),
  ...pairs6.flatMap(ends =>
    [6, 17, 58].map(next =>
      ether(0x86dd, ipv6(44, ends, Buffer.concat([Buffer.from([next, 0]), u16(0, 0, 9), ports(40_000, 80)]))),
    ),
  ),
  ether(0x0806, arp(1, '172.17.0.2', '172.17.0.3'), macs[2]),
  ether(0x0806, arp(2, '172.17.0.3', '172.17.0.2')),
  ether(0x8035, arp(3, '10.0.0.1', '10.0.0.2'), macs[2]),
  ether(0x88cc, Buffer.alloc(50), macs[3]),
  ether(0x8100, Buffer.concat([u16(10, 0x0800), ipv4({...pairs[0]!, protocol: 6}, ports(1, 80))])),
];

/** 13 and 33 bytes end inside the Ethernet and the IP header, 37 inside the ports. */
export const packets: readonly Buffer[] = [
  ...whole,
  ...whole.filter((_, i) => i % 7 === 0).flatMap(packet => [13, 14, 33, 37, 53].map(size => packet.subarray(0, size))),
  Buffer.alloc(0),
];
