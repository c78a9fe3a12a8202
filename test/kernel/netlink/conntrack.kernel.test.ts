import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import test from 'ava';
import {
  type ConntrackSelector,
  conntrackFormat,
  decodeConntrack,
  deleteConntrack,
  IPCTNL_MSG_CT_DELETE,
  IPCTNL_MSG_CT_GET,
} from '../../../src/kernel/netlink/conntrack.ts';
import {type NetlinkSocket, openNetlinkSocket} from '../../../src/kernel/netlink/socket.ts';
import type {Ip} from '../../../src/model/ip.ts';
import {live, run} from './live.ts';

const {kernelTest, native} = live('nft', 'ip');
const ip = (text: string) => text as Ip;

let socket: NetlinkSocket;
test.before(() => {
  if (!native) return;
  socket = openNetlinkSocket({native: native(), protocol: 'netfilter'});
  run('ip', ['link', 'set', 'lo', 'up']);
  run('nft', ['-f', '-'], 'table inet t { chain c { type filter hook output priority 0; ct state new accept; }; }');
});
test.after.always(() => {
  if (!native) return;
  run('nft', ['flush', 'ruleset']);
  socket.close();
});

/** `DESTINATION:PORT` of every entry. */
function entries(): string[] {
  const whole = {type: IPCTNL_MSG_CT_GET, flags: 1, payload: conntrackFormat.encode({attributes: {}})};
  return socket
    .dump(whole)
    .map(message => decodeConntrack(message).original)
    .filter(({proto}) => proto === 17)
    .map(({dst, dstPort}) => `${dst} ${dstPort}`)
    .sort();
}

async function send(type: 'udp4' | 'udp6', address: string, port: number): Promise<void> {
  const client = createSocket(type);
  client.on('error', () => undefined); // port unreachable
  client.send('x', port, address);
  await once(client, 'listening');
  await new Promise(resolve => client.send('x', port, address, resolve));
  client.close();
}

const all = ['127.0.0.1 8080', '127.0.0.1 9090', '127.0.0.2 8080', '::1 8080', '::1 9090'];
const without = (...gone: string[]) => all.filter(entry => !gone.includes(entry));
const rows: readonly (readonly [ConntrackSelector, readonly string[]])[] = [
  [{proto: 'udp', port: 8080}, without('127.0.0.1 8080', '127.0.0.2 8080', '::1 8080')],
  [{proto: 'udp', port: 8080, address: ip('127.0.0.1')}, without('127.0.0.1 8080')],
  [{proto: 'udp', port: 8080, address: ip('::1')}, without('::1 8080')],
  [{proto: 'udp', port: 8080, address: ip('::2')}, all],
  [{proto: 'tcp', port: 8080}, all],
  [{proto: 'sctp', port: 8080}, all],
  [{proto: 'udp', port: 1}, all],
];
for (const [selector, left] of rows) {
  kernelTest(`deleteConntrack(${JSON.stringify(selector)}) takes nothing else`, async t => {
    await fill();
    t.deepEqual(entries(), all);
    const start = performance.now();
    deleteConntrack(socket, selector);
    t.log(`${(performance.now() - start).toFixed(2)} ms`);
    t.deepEqual(entries(), left);
  });
}

kernelTest('a filtered delete is done, or refused as incomplete; never a flush', async t => {
  await fill();
  const attributes = {original: {proto: {number: 17, dstPort: 1}}, filter: {original: 0b101000}};
  const [answer] = socket.requestAll([
    {type: IPCTNL_MSG_CT_DELETE, flags: 1, payload: conntrackFormat.encode({family: 2, attributes})},
  ]);
  t.true(answer!.error === null || answer!.error.errno === 22);
  t.log(answer!.error === null ? 'this kernel filters' : 'this kernel refuses');
  t.deepEqual(entries(), all);
});

async function fill(): Promise<void> {
  const present = entries();
  for (const entry of all.filter(one => !present.includes(one))) {
    const [address, port] = entry.split(' ') as [string, string];
    await send(address.includes(':') ? 'udp6' : 'udp4', address, Number(port));
  }
}
