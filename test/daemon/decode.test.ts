import test from 'ava';
import {decodeContainer, decodeContainerName} from '../../src/daemon/decode-container.ts';
import {decodeExtraHosts} from '../../src/daemon/decode-dns.ts';
import {decodeFilters, matchesLabel} from '../../src/daemon/decode-filters.ts';
import {decodeNetwork} from '../../src/daemon/decode-network.ts';
import {decodeUntil} from '../../src/daemon/decode-until.ts';
import {decoding} from '../../src/daemon/failure.ts';
import {queryFlag} from '../../src/daemon/query.ts';
import {defaultConfinement} from '../../src/model/confinement.ts';
import {hostDns} from '../../src/model/container.ts';
import {parseIp} from '../../src/model/ip.ts';
import {isolatedByDefault} from '../../src/model/isolation.ts';
import {noLimits} from '../../src/model/limits.ts';
import {noStorage} from '../../src/model/mount.ts';
import {formatPortMapping} from '../../src/model/port-mapping.ts';
import {plainProcess} from '../../src/model/process-settings.ts';

/** What docker 28.2.2 sends for `docker run --rm -p 8080:80 -p 127.0.0.1::53/udp --cpus 0.5 -m 64m --pids-limit 10 -e A=b host echo hi`. */
const captured = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: true,
  AttachStderr: true,
  ExposedPorts: {'53/udp': {}, '80/tcp': {}},
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: ['A=b'],
  Cmd: ['echo', 'hi'],
  Image: 'host',
  Volumes: {},
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: {},
  HostConfig: {
    Binds: null,
    ContainerIDFile: '',
    LogConfig: {Type: '', Config: {}},
    NetworkMode: 'default',
    PortBindings: {'53/udp': [{HostIp: '127.0.0.1', HostPort: ''}], '80/tcp': [{HostIp: '', HostPort: '8080'}]},
    RestartPolicy: {Name: 'no', MaximumRetryCount: 0},
    AutoRemove: true,
    VolumeDriver: '',
    VolumesFrom: null,
    ConsoleSize: [24, 80],
    CapAdd: null,
    CapDrop: null,
    CgroupnsMode: '',
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    GroupAdd: null,
    IpcMode: '',
    Cgroup: '',
    Links: null,
    OomScoreAdj: 0,
    PidMode: '',
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    SecurityOpt: null,
    UTSMode: '',
    UsernsMode: '',
    ShmSize: 0,
    Isolation: '',
    CpuShares: 0,
    Memory: 67108864,
    NanoCpus: 500000000,
    CgroupParent: '',
    BlkioWeight: 0,
    BlkioWeightDevice: [],
    CpuPeriod: 0,
    CpuQuota: 0,
    CpuRealtimePeriod: 0,
    CpusetCpus: '',
    Devices: [],
    DeviceRequests: null,
    MemoryReservation: 0,
    MemorySwap: 0,
    MemorySwappiness: -1,
    OomKillDisable: false,
    PidsLimit: 10,
    Ulimits: [],
    MaskedPaths: null,
    ReadonlyPaths: null,
  },
  NetworkingConfig: {
    EndpointsConfig: {
      default: {
        IPAMConfig: null,
        Links: null,
        Aliases: null,
        MacAddress: '',
        DriverOpts: null,
        GwPriority: 0,
        NetworkID: '',
        EndpointID: '',
        Gateway: '',
        IPAddress: '',
        IPPrefixLen: 0,
        IPv6Gateway: '',
        GlobalIPv6Address: '',
        GlobalIPv6PrefixLen: 0,
        DNSNames: null,
      },
    },
  },
};

const create = (fields: object, host: object = {}): ReturnType<typeof decodeContainer> =>
  decoding(() => decodeContainer({Image: 'host', Cmd: ['x'], ...fields, HostConfig: host}));

test("decodeContainer() takes what Docker's CLI sends", t => {
  t.deepEqual(decodeContainer(captured), {
    warnings: [],
    config: {
      image: 'host',
      args: ['echo', 'hi'],
      entrypoint: [],
      env: ['A=b'],
      cwd: '',
      hostname: '',
      labels: {},
      network: {kind: 'network', network: 'bridge'},
      ports: [
        {proto: 'udp', hostIp: parseIp('127.0.0.1'), hostPort: 0, containerPort: 53, count: 1},
        {proto: 'tcp', hostIp: null, hostPort: 8080, containerPort: 80, count: 1},
      ],
      endpoints: [{network: 'bridge', addresses: [], mac: null, aliases: [], gatewayPriority: 0, options: {}}],
      exposed: ['53/udp', '80/tcp'],
      domainname: '',
      dns: hostDns,
      extraHosts: [],
      limits: {
        ...noLimits,
        cpuPeriodUs: 100_000,
        cpuQuotaUs: 50_000,
        nanoCpus: 500_000_000,
        memoryBytes: 67_108_864,
        memorySwapBytes: 134_217_728,
        pidsLimit: 10,
      },
      isolation: isolatedByDefault,
      storage: noStorage,
      process: {...plainProcess, oomScoreAdj: 0},
      confinement: defaultConfinement,
      autoRemove: true,
      restart: {name: 'no', maxRetries: 0},
      healthcheck: null,
      openStdin: false,
      streams: {
        tty: false,
        consoleSize: {height: 24, width: 80},
        stdinOnce: false,
        attach: {stdin: false, stdout: true, stderr: true},
      },
      log: {driver: 'json-file', options: {}},
      stopSignal: '',
      stopTimeoutS: 10,
    },
  });
});

test('decodeContainer() takes the least there is, and an entry point', t => {
  t.like(decodeContainer({Image: 'host'}).config, {args: [], limits: noLimits, autoRemove: false});
  t.deepEqual(create({Entrypoint: ['env', '-i'], Cmd: ['true']}).config.args, ['env', '-i', 'true']);
});

test('decodeContainer() parses the network mode', t => {
  const mode = (NetworkMode: string) => create({}, {NetworkMode}).config.network;
  t.deepEqual(mode(''), {kind: 'network', network: 'bridge'});
  t.deepEqual(mode('blue'), {kind: 'network', network: 'blue'});
  t.deepEqual(mode('host'), {kind: 'host'});
  t.deepEqual(mode('none'), {kind: 'none'});
  t.deepEqual(mode('container:web'), {kind: 'container', container: 'web'});
  t.throws(() => mode('container:'), {message: /invalid container format container:<name\|id>/});
});

test('decodeContainer() takes ports as they were typed, ranges whole', t => {
  const {ports} = create({}, {Publish: ['8000-8099:9000-9099/udp']}).config;
  t.deepEqual(ports, [{proto: 'udp', hostIp: null, hostPort: 8000, containerPort: 9000, count: 100}]);
});

test('decodeContainer() drops the ports of a host or none network, with a warning', t => {
  for (const NetworkMode of ['host', 'none']) {
    const {config, warnings} = create({}, {NetworkMode, Publish: ['80:80']});
    t.deepEqual(config.ports, []);
    t.deepEqual(warnings, [`Published ports are discarded when using ${NetworkMode} network mode`]);
  }
});

test('decodeContainer() takes the address on a network of the user', t => {
  const NetworkingConfig = {EndpointsConfig: {blue: {IPAMConfig: {IPv4Address: '10.0.0.5'}}}};
  t.deepEqual(create({NetworkingConfig}, {NetworkMode: 'blue'}).config.endpoints[0]?.addresses, [parseIp('10.0.0.5')]);
});

const endpoint = (settings: object, mode = 'blue') => ({NetworkingConfig: {EndpointsConfig: {[mode]: settings}}});

const refusals: readonly (readonly [string, object, object, RegExp])[] = [
  ['no image', {Image: ''}, {}, /Image is missing/],
  ['a number as image', {Image: 7}, {}, /^invalid request: Image: /],
  ['labels that are no text', {Labels: {a: 1}}, {}, /^invalid request: Labels\.a: /],
  ['a NUL', {Env: ['A=\0']}, {}, /Env\.0: contains a NUL byte/],
  ['a nameless variable', {Env: ['=x']}, {}, /invalid environment variable: =x/],
  ['a relative directory', {WorkingDir: 'tmp'}, {}, /'tmp' is invalid, it needs to be an absolute path/],
  ['a host name with a line break', {Hostname: 'a\nb'}, {}, /invalid hostname/],
  ['a long host name', {Hostname: 'a'.repeat(65)}, {}, /invalid hostname/],
  ['a terminal of a million lines', {Tty: true}, {ConsoleSize: [1e6, 80]}, /HostConfig\.ConsoleSize/],
  ['a health check of no kind', {Healthcheck: {Test: ['HTTP', 'x']}}, {}, /^Unknown Healthcheck test "HTTP"/],
  ['a health check without a command', {Healthcheck: {Test: ['CMD']}}, {}, /CMD has no command/],
  ['a hasty health check', {Healthcheck: {Interval: 1}}, {}, /^Interval in Healthcheck cannot be less than 1ms$/],
  ['less than no retries', {Healthcheck: {Retries: -1}}, {}, /^Retries in Healthcheck cannot be negative$/],
  ['a volume on a relative path', {Volumes: {data: {}}}, {}, /invalid mount path: 'data' mount path must be absolute/],
  ['devices on a tmpfs', {}, {Tmpfs: {'/run': 'dev'}}, /^tmpfs option "dev" is not supported/],
  ['a field we never heard of', {Quantum: 1}, {}, /^Quantum 1 is not supported/],
  ['a name of Object.prototype', {toString: 'x'}, {}, /^toString "x" is not supported/],
  ['an unknown capability', {}, {CapAdd: ['FLY']}, /^invalid CapAdd: unknown capability: "CAP_FLY"/],
  ['an image as a mount', {}, {Mounts: [{Type: 'image', Target: '/x'}]}, /type "image": mount type unknown/],
  ['a name server that is none', {}, {Dns: ['one']}, /invalid IP address "one"/],
  ['a search domain with a blank', {}, {DnsSearch: ['a b']}, /invalid DNS search domain/],
  ['a host without address', {}, {ExtraHosts: ['db']}, /bad format for add-host: "db"/],
  ['another logger', {}, {LogConfig: {Type: 'syslog'}}, /^logging driver "syslog" is not supported/],
  ['pids of nobody', {}, {PidMode: 'all'}, /^invalid PID mode: all/],
  ['an alias with a blank', endpoint({Aliases: ['d b']}), {NetworkMode: 'blue'}, /invalid alias "d b"/],
  ['an alias on bridge', endpoint({Aliases: ['db']}, 'bridge'), {}, /only supported for user-defined networks/],
  ['a wrong MAC address', endpoint({MacAddress: '02:00'}), {NetworkMode: 'blue'}, /invalid MAC address "02:00"/],
  ['links', endpoint({Links: ['a:b']}), {NetworkMode: 'blue'}, /^EndpointsConfig\.Links/],
  ['bridge among others', endpoint({}, 'a'), {NetworkMode: 'bridge'}, /cannot attach both user-defined and non/],
  ['a network beside host', endpoint({}, 'a'), {NetworkMode: 'host'}, /network "a" and network mode "host" differ/],
  [
    'an IPv6 address as IPv4',
    endpoint({IPAMConfig: {IPv4Address: 'fd00::1'}}),
    {NetworkMode: 'blue'},
    /invalid IPv4 address "fd00::1"/,
  ],
  [
    'an address on bridge',
    endpoint({IPAMConfig: {IPv4Address: '172.17.0.9'}}, 'default'),
    {NetworkMode: 'default'},
    /supported on user defined networks only/,
  ],
  [
    'a wrong address',
    endpoint({IPAMConfig: {IPv4Address: '10.0.0.500'}}),
    {NetworkMode: 'blue'},
    /invalid IP address "10.0.0.500"/,
  ],
  ['a wrong port', {}, {PortBindings: {'80000/tcp': null}}, /invalid port "80000"/],
  ['a wrong protocol', {}, {PortBindings: {'80/icmp': null}}, /invalid proto: icmp/],
  ['unequal ranges', {}, {Publish: ['1-3:1-2']}, /invalid ranges specified/],
  ['two ways to limit CPU', {}, {NanoCpus: 1e9, CpuPeriod: 5000}, /Nano CPUs and CPU Period cannot both be set/],
  ['a short period', {}, {CpuPeriod: 10}, /can not be less than 1ms/],
  ['less than 6 MB', {}, {Memory: 1024}, /Minimum memory limit allowed is 6MB/],
  ['swap alone', {}, {MemorySwap: 67_108_864}, /always set the Memory limit/],
  ['less swap than memory', {}, {Memory: 67_108_864, MemorySwap: 10_000_000}, /larger than memory limit/],
  ['a fraction of a byte', {}, {Memory: 0.5}, /^invalid request: HostConfig\.Memory: /],
  [
    'a host name in container mode',
    {Hostname: 'h'},
    {NetworkMode: 'container:x'},
    /^conflicting options: hostname and the network mode$/,
  ],
  [
    'exposed ports in container mode',
    {ExposedPorts: {'80/tcp': {}}},
    {NetworkMode: 'container:x'},
    /^conflicting options: port exposing/,
  ],
  [
    'ports in container mode',
    {},
    {NetworkMode: 'container:x', Publish: ['80']},
    /^conflicting options: port publishing/,
  ],
];

for (const [what, fields, host, message] of refusals) {
  test(`decodeContainer() refuses ${what}`, t => {
    t.throws(() => create(fields, host), {name: 'TnetError', message});
  });
}

test('decodeContainer() accepts what asks for the default', t => {
  const host = {
    IpcMode: 'private',
    CgroupnsMode: 'private',
    ShmSize: 67_108_864,
    LogConfig: {Type: 'json-file'},
    SecurityOpt: ['no-new-privileges'],
    PidsLimit: -1,
    MemorySwap: -1,
  };
  t.deepEqual(create({User: 'root', Volumes: {}}, host).config.limits, {...noLimits, memorySwapBytes: -1});
});

test("decodeContainerName() takes Docker's names only", t => {
  t.is(decodeContainerName(null), null);
  t.is(decodeContainerName('/web-1'), 'web-1');
  for (const name of ['x', '../x', '-x', 'a b', 'a/b', 'é1'])
    t.throws(() => decodeContainerName(name), {message: /Invalid container name/});
});

test("decodeNetwork() takes what Docker's CLI sends", t => {
  const captured = {
    Driver: 'bridge',
    Scope: '',
    IPAM: {Driver: 'default', Options: {}, Config: [{Subnet: '10.1.0.0/24', Gateway: '10.1.0.1'}]},
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigOnly: false,
    ConfigFrom: null,
    Options: {},
    Labels: {},
    Name: 'n',
  };
  const subnets = [{prefix: '10.1.0.0/24', gateway: '10.1.0.1', range: null, reserved: {}}];
  t.deepEqual(decodeNetwork(captured) as unknown, {
    name: 'n',
    driver: 'bridge',
    ipv4: true,
    ipv6: false,
    subnets,
    internal: false,
    options: {},
    labels: {},
  });
  t.like(decodeNetwork({Name: 'n'}), {driver: 'bridge', subnets: []});
});

const networkRefusals: readonly (readonly [object, RegExp])[] = [
  [{}, /Name/],
  [{Name: 'n', Driver: 'overlay'}, /network driver "overlay" is not supported/],
  [{Name: 'n', Ingress: true}, /Ingress true/],
  [{Name: 'n', Scope: 'swarm'}, /Scope "swarm"/],
  [{Name: 'n', IPAM: {Driver: 'dhcp'}}, /IPAM\.Driver "dhcp"/],
  [{Name: 'n', IPAM: {Config: [{Gateway: '10.0.0.1'}]}}, /needs its subnet/],
  [{Name: 'n', IPAM: {Config: [{Subnet: '10.0.0.0/8', AuxiliaryAddresses: {a: 'x'}}]}}, /invalid IP address "x"/],
  [{Name: 'n', IPAM: {Config: [{Subnet: 'x'}]}}, /invalid CIDR "x"/],
];

test('decodeNetwork() reads both families and what is reserved', t => {
  const pools = [
    {Subnet: '10.1.0.0/24', AuxiliaryAddresses: {printer: '10.1.0.9'}},
    {Subnet: 'fd00:1::/64', Gateway: 'fd00:1::1', IPRange: 'fd00:1::100/120'},
  ];
  const {ipv4, ipv6, subnets} = decodeNetwork({Name: 'n', EnableIPv6: true, IPAM: {Config: pools}});
  t.deepEqual({ipv4, ipv6, subnets} as unknown, {
    ipv4: true,
    ipv6: true,
    subnets: [
      {prefix: '10.1.0.0/24', gateway: null, range: null, reserved: {printer: '10.1.0.9'}},
      {prefix: 'fd00:1::/64', gateway: 'fd00:1::1', range: 'fd00:1::100/120', reserved: {}},
    ],
  });
  t.like(decodeNetwork({Name: 'n', EnableIPv4: false, EnableIPv6: true}), {ipv4: false, ipv6: true});
});

test('decodeContainer() takes several networks, that of the mode first', t => {
  const EndpointsConfig = {
    a: {GwPriority: 5, DriverOpts: {x: 'y'}},
    b: {
      IPAMConfig: {IPv4Address: '10.0.0.5', IPv6Address: 'FD00::5'},
      Aliases: ['db'],
      MacAddress: '02:00:00:00:00:0A',
    },
  };
  const none = {addresses: [], mac: null, aliases: [], gatewayPriority: 0, options: {}};
  const {endpoints} = create({NetworkingConfig: {EndpointsConfig}}, {NetworkMode: 'b'}).config;
  t.deepEqual(endpoints as unknown, [
    {...none, network: 'b', addresses: ['10.0.0.5', 'fd00::5'], aliases: ['db'], mac: '02:00:00:00:00:0a'},
    {...none, network: 'a', gatewayPriority: 5, options: {x: 'y'}},
  ]);
});

test('decodeContainer() publishes what is exposed with -P, and not twice', t => {
  const {ports, exposed} = create(
    {ExposedPorts: {'80/tcp': {}, '53/udp': {}, '8000-8001/tcp': {}}},
    {PublishAllPorts: true, Publish: ['8080:80']},
  ).config;
  t.deepEqual(exposed, ['80/tcp', '53/udp', '8000/tcp', '8001/tcp']);
  t.deepEqual(ports.map(formatPortMapping), [
    '0.0.0.0:8080->80/tcp',
    '0.0.0.0:0->53/udp',
    '0.0.0.0:0->8000/tcp',
    '0.0.0.0:0->8001/tcp',
  ]);
});

test('decodeContainer() reads names and name servers', t => {
  const {dns, extraHosts, domainname} = create(
    {Domainname: 'lan'},
    {
      Dns: ['1.1.1.1'],
      DnsSearch: ['a.b'],
      DnsOptions: ['ndots:1'],
      ExtraHosts: ['db:10.0.0.1', 'me:host-gateway', 'v6=[fd00::1]'],
    },
  ).config;
  t.deepEqual({dns, extraHosts, domainname} as unknown, {
    dns: {servers: ['1.1.1.1'], search: ['a.b'], options: ['ndots:1']},
    extraHosts: [
      {name: 'db', address: '10.0.0.1'},
      {name: 'me', address: null},
      {name: 'v6', address: 'fd00::1'},
    ],
    domainname: 'lan',
  });
});

test('decodeNetwork() refuses what it cannot make', t => {
  for (const [body, message] of networkRefusals) t.throws(() => decodeNetwork(body), {name: 'TnetError', message});
});

test('decodeUntil() takes seconds, a time and a duration before now', t => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  t.is(decodeUntil('24h', now), Date.parse('2026-01-01T00:00:00Z'));
  t.is(decodeUntil('1h30m', now), now - 5_400_000);
  t.is(decodeUntil('1700000000', now), 1_700_000_000_000);
  t.is(decodeUntil('2026-01-01T12:00:00Z', now), now - 43_200_000);
  for (const text of ['', 'soon', '3 days', '24h!'])
    t.throws(() => decodeUntil(text, now), {message: /invalid filter 'until=/, code: 'ERR_BAD_REQUEST'}, text);
});

test('decodeFilters() takes both forms of a filter', t => {
  t.deepEqual(
    [...decodeFilters('{"name":{"web":true,"off":false},"id":["a","b"]}')],
    [
      ['name', ['web']],
      ['id', ['a', 'b']],
    ],
  );
  t.is(decodeFilters(null).size, 0);
  for (const bad of ['[]', 'x', '{"a":1}', '{"a":[1]}']) t.throws(() => decodeFilters(bad), {name: 'TnetError'});
});

test('matchesLabel() compares a key, or a key and its value', t => {
  const labels = {a: 'x=y', b: ''};
  t.true(matchesLabel(labels, 'a') && matchesLabel(labels, 'a=x=y') && matchesLabel(labels, 'b='));
  t.false(matchesLabel(labels, 'c') || matchesLabel(labels, 'a=x') || matchesLabel(labels, 'toString'));
});

test('queryFlag() reads a flag as Docker does', t => {
  const flag = (value: string): boolean => queryFlag(new URLSearchParams(`x=${value}`), 'x');
  t.deepEqual(['1', 'true', 'yes', '0', 'false', 'False', 'no', ''].map(flag), [
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});

for (const [text, name, ip] of [
  ['db:10.0.0.9', 'db', '10.0.0.9'],
  ['db=10.0.0.9', 'db', '10.0.0.9'],
  ['db.example:fd00::9', 'db.example', 'fd00::9'],
  ['db:[FD00::9]', 'db', 'fd00::9'],
  ['gate:host-gateway', 'gate', null],
] as const)
  test(`decodeExtraHosts() reads ${text}`, t => {
    t.deepEqual(decodeExtraHosts([text]) as unknown, [{name, address: ip}]);
  });

for (const text of [
  '',
  'db',
  'db:',
  ':10.0.0.9',
  'a b:10.0.0.9',
  'a#b:10.0.0.9',
  'db:10.0.0.256',
  'db:1.2.3.4\n6.6.6.6\tx',
])
  test(`decodeExtraHosts() refuses ${JSON.stringify(text)}`, t => {
    t.throws(() => decodeExtraHosts([text]), {code: 'ERR_BAD_REQUEST'});
  });
