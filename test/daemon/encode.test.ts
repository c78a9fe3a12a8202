import test from 'ava';
import {formatDuration} from '../../src/api/format-duration.ts';
import {encodeContainer, formatNetworkMode} from '../../src/daemon/encode-container.ts';
import {encodeContainerSummary, formatStatus} from '../../src/daemon/encode-container-summary.ts';
import {encodeLogLine} from '../../src/daemon/encode-log.ts';
import {encodeNetwork} from '../../src/daemon/encode-network.ts';
import {encodePortBindings, encodePorts} from '../../src/daemon/encode-ports.ts';
import {describeFailure} from '../../src/daemon/failure.ts';
import {createLogger} from '../../src/daemon/logger.ts';
import {createRouter} from '../../src/daemon/router.ts';
import {KernelError, TnetError} from '../../src/errors.ts';
import type {Attachment} from '../../src/model/attachment.ts';
import {defaultConfinement} from '../../src/model/confinement.ts';
import {type Container, hostDns} from '../../src/model/container.ts';
import {parseIp, parsePrefix} from '../../src/model/ip.ts';
import {isolatedByDefault} from '../../src/model/isolation.ts';
import {noLimits} from '../../src/model/limits.ts';
import {defaultLog} from '../../src/model/log-config.ts';
import {parseMac} from '../../src/model/mac.ts';
import {noStorage} from '../../src/model/mount.ts';
import type {Network} from '../../src/model/network.ts';
import {parsePortMapping} from '../../src/model/port-mapping.ts';
import {plainProcess} from '../../src/model/process-settings.ts';
import {detachedStreams} from '../../src/model/streams.ts';

const id = 'c'.repeat(64);

const container: Container = {
  id,
  name: 'web',
  created: '2026-11-24T10:00:00.000Z',
  config: {
    restart: {name: 'no', maxRetries: 0},
    healthcheck: null,
    image: 'host',
    args: ['sh', '-c', 'echo hi'],
    entrypoint: [],
    env: ['A=b'],
    cwd: '/srv',
    hostname: 'web',
    labels: {k: 'v'},
    network: {kind: 'network', network: 'blue'},
    ports: [parsePortMapping('8080:80'), parsePortMapping('127.0.0.1::53/udp')],
    endpoints: [{network: 'blue', addresses: [], mac: null, aliases: [], gatewayPriority: 0, options: {}}],
    exposed: [],
    domainname: '',
    dns: hostDns,
    extraHosts: [],
    isolation: isolatedByDefault,
    limits: {...noLimits, memoryBytes: 64e6, cpuQuotaUs: 50_000},
    storage: noStorage,
    process: plainProcess,
    confinement: defaultConfinement,
    autoRemove: false,
    openStdin: true,
    streams: detachedStreams,
    log: defaultLog,
    stopSignal: 'SIGTERM',
    stopTimeoutS: 10,
  },
  state: {
    status: 'running',
    pid: 77,
    exitCode: 0,
    oomKilled: false,
    paused: false,
    error: '',
    startedAt: '2026-11-24T10:00:01.000Z',
    finishedAt: null,
    restartCount: 0,
    manuallyStopped: false,
  },
};

const network: Network = {
  id: 'a'.repeat(64),
  name: 'blue',
  driver: 'bridge',
  created: '2026-11-24T09:00:00.000Z',
  subnets: [{prefix: parsePrefix('10.5.0.0/24'), gateway: parseIp('10.5.0.1'), range: null, reserved: {}}],
  internal: false,
  options: {},
  labels: {},
  device: 'br-x',
  index: 4,
  mtu: null,
};

const attachment: Attachment = {
  id: 'e'.repeat(64),
  network: network.id,
  sandbox: '/run/tnet/netns/c',
  owner: id,
  ifname: 'eth0',
  hostIfname: 'veth1',
  mac: parseMac('02:42:0a:05:00:02'),
  leases: [{address: parseIp('10.5.0.2'), prefixLength: 24}],
  ports: [parsePortMapping('8080:80'), parsePortMapping('127.0.0.1:32768:53/udp')],
  names: ['web', 'c'.repeat(12)],
  gatewayPriority: 0,
  options: {},
};

const mountpoint = (name: string): string => `/volumes/${name}/_data`;
const view = {container, attachments: [attachment], networks: [network], mountpoint};

test('encodeContainer() tells what docker inspect shows', t => {
  const inspected = encodeContainer(view);
  t.like(inspected, {Id: id, Name: '/web', Path: 'sh', Args: ['-c', 'echo hi']});
  t.like(inspected.State, {Status: 'running', Running: true, Pid: 77, FinishedAt: '0001-01-01T00:00:00Z'});
  t.like(inspected.HostConfig, {NetworkMode: 'blue', Memory: 64e6, CpuQuota: 50_000, PidsLimit: null});
  t.deepEqual(inspected.HostConfig.PortBindings, {
    '80/tcp': [{HostIp: '', HostPort: '8080'}],
    '53/udp': [{HostIp: '127.0.0.1', HostPort: ''}],
  });
  t.deepEqual(inspected.NetworkSettings.Ports, {
    '80/tcp': [{HostIp: '0.0.0.0', HostPort: '8080'}],
    '53/udp': [{HostIp: '127.0.0.1', HostPort: '32768'}],
  });
  const endpoint = {
    NetworkID: network.id,
    EndpointID: attachment.id,
    Gateway: '10.5.0.1',
    IPAddress: '10.5.0.2',
    IPPrefixLen: 24,
    MacAddress: '02:42:0a:05:00:02',
  };
  t.like(inspected.NetworkSettings.Networks.blue, endpoint);
});

test('encodeContainer() shows the network of a container that is attached to nothing', t => {
  const detached = encodeContainer({...view, attachments: [], networks: []});
  t.like(detached.NetworkSettings.Networks.blue, {IPAddress: '', EndpointID: ''});
  t.deepEqual(detached.NetworkSettings.Ports, {});
  const shared = {
    ...container,
    config: {...container.config, endpoints: [], network: {kind: 'container', container: 'db'} as const},
  };
  t.deepEqual(
    encodeContainer({container: shared, attachments: [], networks: [], mountpoint}).NetworkSettings.Networks,
    {},
  );
});

test('encodeContainerSummary() tells what docker ps shows', t => {
  const summary = encodeContainerSummary(view, new Date('2026-11-24T10:03:01.000Z'));
  t.like(summary, {
    Names: ['/web'],
    Command: "sh -c 'echo hi'",
    Created: 1_795_514_400,
    State: 'running',
    Status: 'Up 3 minutes',
  });
  t.deepEqual(summary.Ports[0], {IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp'});
});

test('formatStatus() tells the health of what runs and is not paused', t => {
  const now = new Date('2026-11-24T12:00:00.000Z');
  const state = {...container.state, status: 'running', startedAt: '2026-11-24T11:57:00.000Z'} as const;
  const health = {status: 'starting', failingStreak: 0, log: []} as const;
  t.is(formatStatus(state, now, health), 'Up 3 minutes (health: starting)');
  t.is(formatStatus(state, now, {...health, status: 'healthy'}), 'Up 3 minutes (healthy)');
  t.is(formatStatus({...state, paused: true}, now, health), 'Up 3 minutes (Paused)');
  t.is(formatStatus({...state, status: 'created'}, now, health), 'Created');
});

test('formatStatus() speaks as docker ps', t => {
  const now = new Date('2026-11-24T12:00:00.000Z');
  t.is(formatStatus({...container.state, status: 'created', startedAt: null}, now), 'Created');
  t.is(
    formatStatus({...container.state, status: 'exited', exitCode: 137, finishedAt: '2026-11-24T11:59:55.000Z'}, now),
    'Exited (137) 5 seconds ago',
  );
  t.is(formatStatus(container.state, now), 'Up 2 hours');
});

test('formatDuration() is go-units HumanDuration', t => {
  const rows: readonly (readonly [number, string])[] = [
    [-5, 'Less than a second'],
    [0.4, 'Less than a second'],
    [1, '1 second'],
    [59, '59 seconds'],
    [60, 'About a minute'],
    [119, 'About a minute'],
    [120, '2 minutes'],
    [3599, '59 minutes'],
    [3600, 'About an hour'],
    [5399, 'About an hour'],
    [5400, '2 hours'],
    [47 * 3600, '47 hours'],
    [48 * 3600, '2 days'],
    [13 * 86_400, '13 days'],
    [14 * 86_400, '2 weeks'],
    [59 * 86_400, '8 weeks'],
    [60 * 86_400, '2 months'],
    [730 * 86_400, '2 years'],
  ];
  for (const [seconds, text] of rows) t.is(formatDuration(seconds * 1000), text, String(seconds));
});

test('encodePorts() has an entry for every port of a range', t => {
  const ports = [parsePortMapping('8000-8001:80-81')];
  t.deepEqual(encodePorts([{...attachment, ports}], new Map([[network.id, network]]), ['81/tcp', '99/udp']), {
    '80/tcp': [{HostIp: '0.0.0.0', HostPort: '8000'}],
    '81/tcp': [{HostIp: '0.0.0.0', HostPort: '8001'}],
    '99/udp': null,
  });
  t.deepEqual(encodePortBindings(ports)['81/tcp'], [{HostIp: '', HostPort: '8001'}]);
});

test('formatNetworkMode() is the inverse of --network', t => {
  t.is(formatNetworkMode({kind: 'container', container: 'x'}), 'container:x');
  t.is(formatNetworkMode({kind: 'host'}), 'host');
});

test('encodeNetwork() tells what docker network inspect shows', t => {
  const encoded = encodeNetwork(network, [attachment], () => 'web');
  t.deepEqual(encoded.IPAM, {Driver: 'default', Options: {}, Config: [{Subnet: '10.5.0.0/24', Gateway: '10.5.0.1'}]});
  t.like(encoded.Containers[id], {Name: 'web', IPv4Address: '10.5.0.2/24', MacAddress: '02:42:0a:05:00:02'});
  t.is(encodeNetwork({...network, driver: 'none', subnets: []}, [], String).Driver, 'null');
});

test('encodeLogLine() puts the time before the text', t => {
  const line = {stream: 'stderr', time: '2026-11-24T10:00:00.123456789Z', text: 'oh\n'} as const;
  const plain = {timestamps: false, details: false, tty: false};
  t.is(
    encodeLogLine(line, {...plain, timestamps: true})
      .subarray(8)
      .toString(),
    '2026-11-24T10:00:00.123456789Z oh\n',
  );
  t.is(encodeLogLine(line, plain).toString('hex'), '02000000000000036f680a');
  t.is(encodeLogLine(line, {...plain, tty: true}).toString(), 'oh\n');
});

test('describeFailure() takes the status from the code, and a bug for what it is', t => {
  t.like(describeFailure(new TnetError('ERR_NETWORK_IN_USE', 'busy')), {
    status: 403,
    body: {message: 'busy', code: 'ERR_NETWORK_IN_USE'},
    bug: false,
  });
  t.like(describeFailure(new KernelError('Cannot add', {errno: 17})), {status: 500, bug: false});
  const rollback = new AggregateError([new TnetError('ERR_PORT_IN_USE', 'taken'), new Error('undo failed')], 'taken');
  t.like(describeFailure(rollback), {status: 500, body: {message: 'taken', code: 'ERR_PORT_IN_USE'}});
  t.like(describeFailure(new TypeError('x is not a function')), {status: 500, bug: true});
  t.like(describeFailure('thrown text'), {
    status: 500,
    body: {message: 'tnet daemon: thrown text', code: 'ERR_DAEMON'},
  });
});

test('createLogger() writes one line an event, whatever the message holds', t => {
  const lines: string[] = [];
  const log = createLogger(
    line => lines.push(line),
    () => new Date(0),
  );
  log.info('started "x"');
  log.error('a\n2026-01-01T00:00:00.000Z error forged\r\n\x1b[31m');
  log.warn('with', new Error('outer', {cause: 'inner'}));
  t.is(lines[0], '1970-01-01T00:00:00.000Z info started "x"\n');
  t.is(lines[1], '1970-01-01T00:00:00.000Z error a | 2026-01-01T00:00:00.000Z error forged | ?[31m\n');
  t.regex(lines[2]!, /^\S+ warn with: Error: outer \| at .* \| caused by inner\n$/);
});

test('createRouter() matches method and whole path, with any version or none', t => {
  const match = createRouter([
    {method: 'GET', path: '/containers/json'},
    {method: 'GET', path: '/containers/:ref/json'},
    {method: 'GET', path: '/images/*ref/json'},
  ]);
  t.is(match('GET', '/containers/json')?.route.path, '/containers/json');
  t.deepEqual(match('GET', '/v1.41/containers/a%20b/json')?.params, {ref: 'a b'});
  t.deepEqual(match('GET', '/images/library/nginx/json')?.params, {ref: 'library/nginx'});
  for (const path of [
    '/containers/a/b/json',
    '/containers//json',
    '/containers/a/json/',
    '/x/containers/json',
    '/v1/containers/json',
  ])
    t.is(match('GET', path), null, path);
  t.is(match('POST', '/containers/json'), null);
  t.throws(() => match('GET', '/containers/%zz/json'), {message: /invalid path segment/});
});
