import {execFile} from 'node:child_process';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {createServer, Socket} from 'node:net';
import {promisify} from 'node:util';
import type {ExecutionContext} from 'ava';
import {type Answer, type DecodedPacket, decode, encode, type Packet, type RecordType} from 'dns-packet';
import type {Fd} from '../../../src/kernel/native.ts';
import {type Ip, parseIp} from '../../../src/model/ip.ts';
import {takeFrame, toFrame} from '../../../src/network/dns/frames.ts';
import {createDnsServers, type DnsLimits, type DnsServers} from '../../../src/network/dns/server.ts';
import type {Zone} from '../../../src/network/dns/zone.ts';
import {runIn} from '../../fixture/host.ts';
import {native, sandbox} from '../../kernel/native-under-test.ts';

export const host = (names: string, ...addresses: string[]) => ({
  names: names.split(' '),
  addresses: addresses.map(parseIp),
});

export const zone: Zone = {
  networks: [
    {
      name: 'shop',
      hosts: [
        host('web frontend 0123456789ab', '172.18.0.2', 'fd00::2'),
        ...Array.from({length: 1000}, (_, i) => host(`c${i} all`, `10.1.${i >> 8}.${i & 255}`)),
      ],
    },
  ],
  forwards: true,
};

export interface DnsUnderTest {
  readonly path: string;
  readonly netnsFd: Fd;
  readonly servers: DnsServers;
  readonly told: readonly string[];
}

/** A sandbox whose loopback is up, and servers for it; `open` them. */
export function makeDns(
  t: ExecutionContext,
  parts: {name?: string; zone?: Zone; limits?: Partial<DnsLimits>} = {},
): DnsUnderTest {
  const title = `${parts.name ?? ''} ${t.title}`;
  const {path, fd: netnsFd} = sandbox({title, teardown: t.teardown.bind(t)} as unknown as ExecutionContext);
  runIn(path, 'ip link set lo up');
  const told: string[] = [];
  const servers = createDnsServers({
    native,
    zoneOf: () => parts.zone ?? zone,
    log: (message, error) => told.push(`${message}: ${error}`),
    limits: parts.limits ?? {},
  });
  t.teardown(() => servers.closeAll());
  return {path, netnsFd, servers, told};
}

export const upstreams = (from: 'host' | 'sandbox', ...ips: string[]) => ips.map(ip => ({ip: parseIp(ip), from}));

const question = (name: string, type: string): Packet['questions'] => [{name, type: type as RecordType, class: 'IN'}];

export const queryBytes = (name: string, {type = 'A', edns = 0, id = 0x4242} = {}): Buffer =>
  encode({
    type: 'query',
    id,
    flags: 0x0100,
    questions: question(name, type),
    additionals: edns === 0 ? [] : [opt(edns)],
  });

const opt = (udpPayloadSize: number): Answer => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
});

const udp = {type: 'udp', port: 0, listen: false, dropAll: false} as const;
const tcp = {...udp, type: 'tcp'} as const;

export interface AskOptions {
  readonly type?: string;
  readonly edns?: number;
  readonly to?: string;
  readonly timeoutMs?: number;
}

/** One query by UDP from inside the namespace, by a connected socket as the C library's. Null when nothing answers. */
export async function askUdp(netnsFd: Fd, name: string, options: AskOptions = {}): Promise<DecodedPacket | null> {
  const bytes = await exchangeUdp(netnsFd, queryBytes(name, options), options);
  return bytes && decode(bytes);
}

export async function exchangeUdp(
  netnsFd: Fd,
  bytes: Buffer,
  {to = '127.0.0.11', timeoutMs = 5000}: AskOptions = {},
): Promise<Buffer | null> {
  const socket = createSocket('udp4');
  socket.bind({fd: native.openSocket({...udp, ip: '0.0.0.0'}, netnsFd).fd});
  try {
    socket.connect(53, to);
    await once(socket, 'connect');
    socket.send(bytes);
    const [answer] = await once(socket, 'message', {signal: AbortSignal.timeout(timeoutMs)});
    return answer as Buffer;
  } catch {
    return null;
  } finally {
    socket.close();
  }
}

export async function connectTcp(netnsFd: Fd, to = '127.0.0.11'): Promise<Socket> {
  const socket = new Socket({fd: native.openSocket({...tcp, ip: '0.0.0.0'}, netnsFd).fd});
  socket.on('error', () => undefined);
  socket.connect({port: 53, host: to});
  await once(socket, 'connect');
  return socket;
}

/** Sends messages at once and waits for as many answers. */
export async function exchangeTcp(socket: Socket, messages: readonly Buffer[]): Promise<readonly DecodedPacket[]> {
  const answers: DecodedPacket[] = [];
  let received: Buffer = Buffer.alloc(0);
  socket.write(Buffer.concat(messages.map(toFrame)));
  while (answers.length < messages.length) {
    const [chunk] = await once(socket, 'data', {signal: AbortSignal.timeout(5000)});
    received = Buffer.concat([received, chunk]);
    for (let frame = takeFrame(received, 65535); frame !== null; frame = takeFrame(received, 65535)) {
      answers.push(decode(frame.message));
      received = frame.rest;
    }
  }
  return answers;
}

export async function askTcp(netnsFd: Fd, name: string, options: AskOptions = {}): Promise<DecodedPacket> {
  const socket = await connectTcp(netnsFd, options.to);
  try {
    return (await exchangeTcp(socket, [queryBytes(name, options)]))[0]!;
  } finally {
    socket.destroy();
  }
}

/** `NOERROR 172.18.0.2 …`, or `nothing`. */
export function said(packet: DecodedPacket | null): string {
  if (packet === null) return 'nothing';
  const {rcode} = packet as unknown as {rcode: string};
  return [rcode, ...packet.answers!.map(each => ('data' in each ? String(each.data) : ''))].join(' ');
}

export interface FakeServer {
  /** Names asked, as `udp example.com`. */
  readonly asked: string[];
  close(): void;
}

/** What it answers: an address, a code, nothing at all, or bytes of its own (several are sent one after the other). */
export type Says = (query: DecodedPacket, bytes: Buffer) => Ip | 'SERVFAIL' | 'REFUSED' | 'NXDOMAIN' | null | Buffer[];

/** A DNS server at `ip`:53, UDP and TCP, in a namespace or on the host. */
export function fakeServer(t: ExecutionContext, where: {ip: string; netnsFd?: Fd}, says: Says): FakeServer {
  const asked: string[] = [];
  const spec = {ip: where.ip, port: 53, dropAll: false} as const;
  const answers = (proto: string, bytes: Buffer): readonly Buffer[] => {
    const query = decode(bytes);
    asked.push(`${proto} ${query.questions![0]!.name}`);
    return encodeSaid(query, says(query, bytes));
  };
  const datagrams = createSocket(where.ip.includes(':') ? 'udp6' : 'udp4').on('message', (bytes, {port, address}) => {
    for (const answer of answers('udp', bytes)) datagrams.send(answer, port, address);
  });
  datagrams.bind({fd: native.openSocket({...spec, type: 'udp', listen: false}, where.netnsFd).fd});
  const sockets = new Set<Socket>();
  const streams = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', chunk => {
      for (const answer of answers('tcp', takeFrame(chunk, 65535)!.message)) socket.write(toFrame(answer));
    });
  });
  streams.listen({fd: native.openSocket({...spec, type: 'tcp', listen: true}, where.netnsFd).fd});
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    datagrams.close();
    streams.close();
    for (const socket of sockets) socket.destroy();
  };
  t.teardown(close);
  return {asked, close};
}

const codes = {SERVFAIL: 2, REFUSED: 5, NXDOMAIN: 3} as const;

function encodeSaid(query: DecodedPacket, says: ReturnType<Says>): readonly Buffer[] {
  if (says === null) return [];
  if (Array.isArray(says)) return says;
  const {name} = query.questions![0]!;
  const failed = says in codes ? codes[says as keyof typeof codes] : null;
  const answers: Answer[] = failed === null ? [{name, type: 'A', class: 'IN', ttl: 1, data: says}] : [];
  return [encode({type: 'response', id: query.id, flags: 0x0180 | (failed ?? 0), questions: query.questions, answers})];
}

const execute = promisify(execFile);

/** Runs a shell script in the namespace, while the servers of this process go on. */
export async function runInside(path: string, script: string): Promise<string> {
  const {stdout} = await execute('nsenter', [`--net=${path}`, 'sh', '-c', script], {
    env: {PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'},
  });
  return stdout;
}
