import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {Attachment} from '../../src/model/attachment.ts';
import type {Ip, Prefix} from '../../src/model/ip.ts';
import type {Mac} from '../../src/model/mac.ts';
import type {Network} from '../../src/model/network.ts';
import {openStore} from '../../src/store/store.ts';

const network = (id: string, index: number): Network => ({
  id,
  index,
  mtu: null,
  name: id,
  driver: 'bridge',
  created: '2026-11-24T00:00:00Z',
  subnets: [{prefix: '10.0.0.0/24' as Prefix, gateway: '10.0.0.1' as Ip, range: null, reserved: {}}],
  internal: false,
  options: {},
  labels: {},
  device: `br-${id}`,
});
const attachment = (id: string, address: string, hostPort = 0): Attachment => ({
  id,
  network: 'n1',
  sandbox: `/run/${id}`,
  owner: id,
  ifname: 'eth0',
  hostIfname: `veth${id}`,
  mac: '02:42:0a:00:00:02' as Mac,
  leases: [{address: address as Ip, prefixLength: 24}],
  names: [id],
  gatewayPriority: 0,
  options: {},
  ports: hostPort === 0 ? [] : [{proto: 'tcp', hostIp: null, hostPort, containerPort: 80, count: 1}],
});

const sysctl = {path: 'net/ipv4/conf/eth0/forwarding', value: '1', was: '0'};

const inTempDir = (body: (dir: string) => void): void => {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-store-'));
  try {
    body(dir);
  } finally {
    rmSync(dir, {recursive: true});
  }
};

test('openStore() finds what was committed before', t =>
  inTempDir(dir => {
    const first = openStore(join(dir, 'tnet.db'));
    first.commit({
      put: {networks: [network('n1', 1)], attachments: [attachment('a', '10.0.0.2', 8080)], sysctls: [sysctl]},
    });
    first.close();
    const second = openStore(join(dir, 'tnet.db'));
    t.is(second.instance, first.instance);
    t.regex(second.instance, /^[0-9a-f]{12}$/);
    t.deepEqual([...second.state.networks.values()], [network('n1', 1)]);
    t.deepEqual([...second.state.attachments.values()], [attachment('a', '10.0.0.2', 8080)]);
    t.deepEqual([...second.state.sysctls.values()], [sysctl]);
    second.commit({remove: {attachments: ['a'], networks: ['n1'], sysctls: [sysctl.path]}});
    t.is(second.state.networks.size + second.state.attachments.size + second.state.sysctls.size, 0);
    second.close();
  }));

test('commit() refuses a double lease and a double port, and keeps the state as it was', t => {
  const store = openStore(':memory:');
  store.commit({put: {networks: [network('n1', 1)], attachments: [attachment('a', '10.0.0.2', 8080)]}});
  t.throws(() => store.commit({put: {attachments: [attachment('b', '10.0.0.2')]}}), {
    code: 'ERR_STORE',
    message: /leases.network, leases.address/,
  });
  t.throws(() => store.commit({put: {attachments: [attachment('b', '10.0.0.3', 8080)]}}), {
    code: 'ERR_STORE',
    message: /ports.proto/,
  });
  t.deepEqual([...store.state.attachments.keys()], ['a']);
  store.commit({put: {attachments: [attachment('b', '10.0.0.3', 8081)]}});
  store.close();
});

test('commit() is all or nothing', t => {
  const store = openStore(':memory:');
  t.throws(() => store.commit({put: {networks: [network('n1', 1), {...network('n2', 1)}]}}), {message: /networks.idx/});
  t.is(store.state.networks.size, 0);
  store.commit({put: {networks: [network('n1', 1)]}});
  store.close();
});

test('commit() frees a lease and a port with their attachment', t => {
  const store = openStore(':memory:');
  store.commit({put: {networks: [network('n1', 1)], attachments: [attachment('a', '10.0.0.2', 8080)]}});
  store.commit({remove: {attachments: ['a']}, put: {attachments: [attachment('b', '10.0.0.2', 8080)]}});
  t.deepEqual([...store.state.attachments.keys()], ['b']);
  store.close();
});

test('openStore() calls an unreadable file an error, never empty', t =>
  inTempDir(dir => {
    writeFileSync(
      join(dir, 'tnet.db'),
      'this is no database, whatever its name says, and it is long enough to have a header',
    );
    t.throws(() => openStore(join(dir, 'tnet.db')), {code: 'ERR_STORE', message: /Cannot open store ".*tnet.db"/});
  }));
