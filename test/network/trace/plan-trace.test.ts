import test from 'ava';
import type {Attachment} from '../../../src/model/attachment.ts';
import type {Ip} from '../../../src/model/ip.ts';
import type {Mac} from '../../../src/model/mac.ts';
import type {Network} from '../../../src/model/network.ts';
import {parsePortMapping} from '../../../src/model/port-mapping.ts';
import type {TraceRequest} from '../../../src/model/trace.ts';
import {planTrace, type TraceEnd, type TraceWorld} from '../../../src/network/trace/plan-trace.ts';

const attachment = (
  name: string,
  network: string,
  addresses: readonly string[],
  ports: readonly string[] = [],
): Attachment => ({
  id: `${name}-${network}`,
  network,
  sandbox: `/${name}`,
  owner: name,
  ifname: 'eth0',
  hostIfname: `veth-${name}-${network}`,
  mac: '02:42:ac:11:00:02' as Mac,
  leases: addresses.map(address => ({address: address as Ip, prefixLength: 24})),
  ports: ports.map(parsePortMapping),
  names: [name],
  gatewayPriority: 0,
  options: {},
});
const network = (id: string, gateway: string): Network =>
  ({id, name: id, device: id, subnets: [{prefix: '10.0.0.0/8', gateway, range: null}]}) as unknown as Network;

const attachments = [
  attachment('web', 'blue', ['10.1.0.2', 'fd01::2'], ['8080:80', '127.0.0.1:9000-9009:9000-9009/udp']),
  attachment('web', 'red', ['10.2.0.2']),
  attachment('client', 'red', ['10.2.0.3']),
];
const ends: Record<string, TraceEnd> = {
  web: {name: 'web', ns: '/web', attachments: attachments.slice(0, 2)},
  client: {name: 'client', ns: '/client', attachments: attachments.slice(2)},
  bare: {name: 'bare', ns: '/proc/7/ns/net', attachments: []},
};
const world: TraceWorld = {
  networks: [network('blue', '10.1.0.1'), network('red', '10.2.0.1')],
  attachments,
  container(ref) {
    const end = ends[ref];
    if (end === undefined) throw new Error(`No such container: ${ref}`);
    return end;
  },
};
const plan = (from: string, to: string, over: Partial<TraceRequest> = {}) =>
  planTrace({from, to, follow: false, timeoutMs: 1, family: null, ...over}, world);

test('planTrace() takes the address on the network that both are on', t => {
  t.like(plan('client', 'web:80'), {from: '/client', to: '10.2.0.2' as Ip, port: 80, proto: 'tcp'});
  t.is(plan('host', 'web').to as string, '10.1.0.2');
  t.is(plan('host', 'web', {family: 6}).to as string, 'fd01::2');
});

test('planTrace() knows the host by the gateway of the asking container', t => {
  t.is(plan('client', 'host:80').to as string, '10.2.0.1');
  t.is(plan('host', 'host').to as string, '127.0.0.1');
  t.is(plan('client', 'localhost:1').to as string, '127.0.0.1');
});

test('planTrace() expects the packet where the address is, or where the published port leads', t => {
  t.deepEqual(plan('client', '10.1.0.2:81').expected, {ns: '/web', address: '10.1.0.2' as Ip, port: 81});
  t.deepEqual(plan('client', '192.0.2.1:8080').expected, {ns: '/web', address: '10.1.0.2' as Ip, port: 80});
  t.deepEqual(plan('host', 'localhost:9003/udp').expected, {ns: '/web', address: '10.1.0.2' as Ip, port: 9003});
  for (const to of ['192.0.2.1:9003/udp', '192.0.2.1:8080/udp', '192.0.2.1:8081', '192.0.2.1'])
    t.is(plan('client', to).expected, null, to);
});

test('planTrace() follows only what the source sends', t => {
  const {mode} = plan('client', 'web:80', {follow: true, timeoutMs: 5});
  t.deepEqual(mode, {kind: 'follow', timeoutMs: 5, sources: ['10.2.0.3' as Ip]});
});

test('planTrace() says what it cannot trace, and why', t => {
  t.throws(() => plan('client', 'nosuch:80'), {message: 'No such container: nosuch'});
  t.throws(() => plan('client', 'bare'), {message: /^Cannot trace to "bare": it has no address of its own/});
  t.throws(() => plan('web', 'client', {family: 6}), {message: 'Cannot trace to "client": it has no IPv6 address'});
  t.throws(() => plan('web', '10.0.0.1', {family: 6}), {message: /it has no IPv6 address/});
});
