import test from 'ava';
import {answerDocker} from '../../../src/daemon/plugins/docker/answer-docker.ts';
import {decodeEndpoint, decodePortMap} from '../../../src/daemon/plugins/docker/decode-endpoint.ts';
import {decodeNetwork} from '../../../src/daemon/plugins/docker/decode-network.ts';
import {createFakeController} from '../fake-controller.ts';

/** As dockerd 20.10 sends it. */
const request = {
  NetworkID: '674b'.repeat(16),
  Options: {'com.docker.network.enable_ipv6': false, 'com.docker.network.generic': {'tnet.ports': 'docker'}},
  IPv4Data: [
    {
      AddressSpace: 'LocalDefault',
      AuxAddresses: {r1: '10.251.0.130/24'},
      Gateway: '10.251.0.254/24',
      Pool: '10.251.0.0/24',
    },
  ],
  IPv6Data: [],
};

test('decodeNetwork() reads what dockerd says of a network', t => {
  t.deepEqual(decodeNetwork(request) as unknown, {
    plugin: 'docker',
    name: '674b674b674b',
    driver: 'bridge',
    ipv4: true,
    ipv6: false,
    subnets: [{prefix: '10.251.0.0/24', gateway: '10.251.0.254', range: null, reserved: {r1: '10.251.0.130'}}],
    internal: false,
    options: {'tnet.ports': 'docker'},
    labels: {'tnet.docker.network': request.NetworkID},
  });
  const bare = {...request, Options: {'com.docker.network.internal': true}, IPv6Data: null};
  t.like(decodeNetwork(bare), {internal: true, options: {}});
});

test('decodeNetwork() refuses by name what it does not know', t => {
  const withOption = (name: string, value: string) => ({
    ...request,
    Options: {'com.docker.network.generic': {[name]: value}},
  });
  t.throws(() => decodeNetwork(withOption('colour', 'red')), {message: /option "colour" is not supported/});
  t.throws(() => decodeNetwork(withOption('tnet.ports', 'mine')), {message: /want tnet or docker/});
  t.throws(() => decodeNetwork({...request, IPv4Data: [{Pool: 'x'}]}), {code: 'ERR_BAD_REQUEST'});
});

test('decodePortMap() reads protocols, ports of our choice and ranges to choose from', t => {
  const port = {Proto: 6, IP: '', Port: 80, HostIP: '', HostPort: 18099, HostPortEnd: 18099};
  const decode = (over: object) =>
    decodePortMap({Options: {'com.docker.network.portmap': [{...port, ...over}]}}) as readonly unknown[];
  const plain = {proto: 'tcp', hostIp: null, hostPort: 18099, containerPort: 80, count: 1};
  t.deepEqual(decode({}), [plain]);
  t.deepEqual(decode({Proto: 17, HostIP: '::1'}), [{...plain, proto: 'udp', hostIp: '::1'}]);
  t.deepEqual(decode({HostPort: 0, HostPortEnd: 0}), [{...plain, hostPort: 0}]);
  t.deepEqual(decode({HostPortEnd: 18101}), [{...plain, hostPortEnd: 18101}]);
  t.throws(() => decode({Proto: 1}), {message: /unknown protocol 1 of port 80/});
  t.deepEqual(decodePortMap({Options: null}), []);
});

test('decodeEndpoint() takes Docker’s addresses, and options that are ours', t => {
  const Interface = {Address: '10.251.0.2/24', AddressIPv6: '', MacAddress: ''};
  t.deepEqual(decodeEndpoint({Interface, Options: {'tnet.egress-rate': '1mbit', other: []}}) as unknown, {
    leases: [{address: '10.251.0.2', prefixLength: 24}],
    mac: null,
    options: {'tnet.egress-rate': '1mbit'},
  });
  t.deepEqual(decodeEndpoint({Interface: null}), {leases: [], mac: null, options: {}});
});

test('answerDocker() does what was done already again, and forgets what it never knew', async t => {
  const controller = createFakeController();
  const ask = async (method: string, body: object = {}) => {
    const log = {error: t.fail} as never;
    const reply = await answerDocker({controller, log}, method, Buffer.from(JSON.stringify(body)));
    return reply.kind === 'json' ? [reply.status, reply.body] : t.fail();
  };
  t.deepEqual(await ask('Plugin.Activate'), [200, {Implements: ['NetworkDriver', 'IpamDriver']}]);
  t.is((await ask('NetworkDriver.AllocateNetwork'))?.[0], 404);
  const name = {NetworkID: request.NetworkID, EndpointID: 'e'.repeat(64)};
  for (const gone of ['Leave', 'DeleteEndpoint', 'RevokeExternalConnectivity', 'DeleteNetwork'])
    t.deepEqual(await ask(`NetworkDriver.${gone}`, name), [200, {}], gone);
  t.deepEqual(await ask('IpamDriver.ReleasePool', {PoolID: 'x'}), [200, {}]);
  t.deepEqual(await ask('IpamDriver.ReleaseAddress', {PoolID: 'x', Address: '10.0.0.1'}), [200, {}]);
  t.is((await ask('NetworkDriver.Join', name))?.[0], 500);
  t.deepEqual(await ask('NetworkDriver.CreateNetwork', {}), [
    500,
    {Err: 'invalid request: NetworkID: Invalid key: Expected "NetworkID" but received undefined'},
  ]);
});
