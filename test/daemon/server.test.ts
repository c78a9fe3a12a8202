import {statSync} from 'node:fs';
import {request as httpRequest} from 'node:http';
import {connect} from 'node:net';
import {text} from 'node:stream/consumers';
import test from 'ava';
import {ApiError} from '../../src/api/api-error.ts';
import {createClient} from '../../src/api/client.ts';
import type {
  ContainerCreated,
  ContainerInspect,
  ContainerSummary,
  NetworkResource,
} from '../../src/api/engine-types.ts';
import {demultiplex} from '../../src/api/stdcopy.ts';
import {eventually, type FakeDaemon, serveFake} from './serve-fake.ts';

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function raw(socketPath: string, method: string, path: string, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({socketPath, method, path}, async response =>
      resolve({status: response.statusCode ?? 0, headers: response.headers, body: await text(response)}),
    );
    request.on('error', reject).end(body);
  });
}

const run = async (
  {client}: FakeDaemon,
  args: readonly string[],
  more: object = {},
  name?: string,
): Promise<string> => {
  const {Id} = await client.call<ContainerCreated>('POST', '/containers/create', {
    query: {name},
    body: {Image: 'host', Cmd: args, ...more},
  });
  await client.call('POST', `/containers/${Id}/start`);
  return Id;
};

const frames = async (chunks: AsyncIterable<Uint8Array>): Promise<string[]> => {
  const seen: string[] = [];
  for await (const {stream, payload} of demultiplex(chunks)) seen.push(`${stream}:${payload}`);
  return seen;
};

test('createServer() answers /_ping with the headers that Docker clients read, under any version or none', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  for (const path of ['/_ping', '/v1.24/_ping', '/v1.99/_ping']) {
    const {status, headers, body} = await raw(daemon.socket, 'GET', path);
    t.is(`${status} ${body}`, '200 OK');
    t.like(headers, {'api-version': '1.48', 'builder-version': '1', ostype: 'linux', 'docker-experimental': 'false'});
  }
  t.is((await raw(daemon.socket, 'HEAD', '/_ping')).status, 200);
  t.is(statSync(daemon.socket).mode & 0o777, 0o660);
});

test('createServer() refuses what is hostile with 400 or 404 and goes on serving', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const refusals: readonly (readonly [string, string, number, RegExp])[] = [
    ['/containers/create', '{"Image":', 400, /invalid JSON/],
    ['/containers/create', '[]', 400, /invalid request/],
    ['/containers/create', '', 400, /invalid request/],
    ['/containers/create', '{"Image":5}', 400, /Image: .*string/],
    ['/containers/create', '{"Image":"host","Cmd":["a\\u0000b"]}', 400, /NUL/],
    [
      '/containers/create',
      `{"Image":"host","Cmd":["x"],"Volumes":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`,
      400,
      /invalid mount path: 'a'|call stack/,
    ],
    ['/containers/create?name=../x', '{"Image":"host","Cmd":["x"]}', 400, /Invalid container name/],
    ['/containers/%E0%A4%A/start', '', 400, /invalid path segment/],
    ['/containers/x/exec', '{}', 404, /No such container: x/],
    ['/containers/x/nosuch', '{}', 404, /page not found/],
    ['/networks/create', '{"Name":"n","IPAM":{"Config":[{"Subnet":"10.0.0.0/99"}]}}', 400, /invalid CIDR/],
    ['/networks/create', '{"Name":"n","Driver":"overlay"}', 400, /"overlay" is not supported/],
  ];
  for (const [path, body, status, message] of refusals) {
    const answer = await raw(daemon.socket, 'POST', path, body);
    t.is(answer.status, status, path + body.slice(0, 80));
    t.regex((JSON.parse(answer.body) as {message: string}).message, message);
  }
  t.deepEqual(daemon.engine.list(), []);
});

test('createServer() refuses a body over 4 MiB in words, and the client can read them', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const {status, body} = await raw(daemon.socket, 'POST', '/containers/create', Buffer.alloc(32 * 1024 * 1024, 'a'));
  t.is(status, 400);
  t.regex(body, /over 4 MiB/);
  t.is((await raw(daemon.socket, 'GET', '/_ping')).status, 200);
});

test('createServer() survives a client that sends garbage, or leaves in the middle of a body', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const garbage = connect(daemon.socket)
    .on('error', () => {})
    .end('\0\x01 no http\r\n\r\n');
  t.regex(await text(garbage), /^HTTP\/1.1 400/);
  const half = connect(daemon.socket);
  half.write('POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"Im');
  await new Promise(resolve => setTimeout(resolve, 20));
  half.destroy();
  t.is((await raw(daemon.socket, 'GET', '/_ping')).status, 200);
});

test('createServer() serves the life of a container', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const {client} = daemon;
  const id = await run(
    daemon,
    ['sleep'],
    {HostConfig: {PortBindings: {'80/tcp': [{HostIp: '', HostPort: '8080'}]}}},
    'web',
  );
  const [summary] = await client.call<ContainerSummary[]>('GET', '/containers/json');
  t.like(summary, {Id: id, Names: ['/web'], State: 'running', Status: 'Up Less than a second'});
  t.deepEqual(summary?.Ports, [{IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp'}]);
  const inspected = await client.call<ContainerInspect>('GET', '/containers/web/json');
  t.is(inspected.NetworkSettings.Networks.bridge?.IPAddress, '172.17.0.2');
  t.deepEqual(inspected.NetworkSettings.Ports, {'80/tcp': [{HostIp: '0.0.0.0', HostPort: '8080'}]});
  t.is(await client.call('POST', '/containers/web/start'), undefined, 'already running is 304, no error');
  await t.throwsAsync(client.call('DELETE', '/containers/web'), {
    instanceOf: ApiError,
    message: /container is running/,
  });
  const exit = client.call('POST', '/containers/web/wait');
  await client.call('POST', '/containers/web/stop', {query: {t: 1}});
  t.deepEqual(await exit, {StatusCode: 143, Error: null});
  t.deepEqual(await client.call('GET', '/containers/json'), []);
  t.is((await client.call<ContainerSummary[]>('GET', '/containers/json', {query: {all: true}})).length, 1);
  await client.call('DELETE', '/containers/web');
  const error = await t.throwsAsync(client.call('GET', '/containers/web/json'), {instanceOf: ApiError});
  t.like(error, {status: 404, code: 'ERR_CONTAINER_NOT_FOUND', message: 'No such container: web'});
});

test('createServer() filters containers', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  await run(daemon, ['sleep'], {Labels: {tier: 'front'}}, 'web');
  await run(daemon, ['sleep'], {Labels: {tier: 'back'}, HostConfig: {NetworkMode: 'host'}}, 'db');
  await run(daemon, ['exit', '3'], {}, 'done');
  await eventually(() => daemon.engine.get('done').state.status === 'exited');
  const names = async (filters: object): Promise<string> => {
    const found = await daemon.client.call<ContainerSummary[]>('GET', '/containers/json', {
      query: {filters: JSON.stringify(filters)},
    });
    return found
      .map(({Names}) => Names[0])
      .sort()
      .join(' ');
  };
  t.is(await names({name: ['w']}), '/web');
  t.is(await names({label: {'tier=back': true}}), '/db');
  t.is(await names({label: ['tier']}), '/db /web');
  t.is(await names({status: ['exited']}), '/done');
  t.is(await names({network: ['bridge']}), '/web');
  await t.throwsAsync(names({color: ['red']}), {message: "invalid filter 'color'"});
  await t.throwsAsync(names({label: 'x'}), {message: /want a list/});
});

test('createServer() sends the header of /wait before the exit', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const id = await run(daemon, ['sleep']);
  const response = await daemon.client.stream('POST', `/containers/${id}/wait`, {query: {condition: 'next-exit'}});
  t.is(daemon.engine.waiting(), 1);
  await daemon.client.call('POST', `/containers/${id}/kill`);
  t.is(await text(response), '{"StatusCode":137,"Error":null}\n');
  await t.throwsAsync(daemon.client.call('POST', `/containers/${id}/wait`, {query: {condition: 'never'}}), {
    message: 'invalid condition: "never"',
  });
});

test('createServer() streams logs as frames, with tail, timestamps and selection', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const out = await run(daemon, ['echo', 'hi'], {}, 'out');
  const err = await run(daemon, ['warn', 'oh'], {}, 'err');
  await eventually(() => daemon.engine.list().every(({state}) => state.status === 'exited'));
  const logs = async (id: string, query: Record<string, string | boolean>): Promise<string[]> =>
    frames(await daemon.client.stream('GET', `/containers/${id}/logs`, {query}));
  t.deepEqual(await logs(out, {stdout: true, stderr: true}), ['stdout:hi\n']);
  t.deepEqual(await logs(err, {stdout: true}), []);
  t.deepEqual(await logs(err, {stderr: true, tail: 'all'}), ['stderr:oh\n']);
  t.regex((await logs(out, {stdout: true, timestamps: true}))[0] ?? '', /^stdout:\d{4}-\d\d-\d\dT[\d:.]+Z hi\n$/);
  await t.throwsAsync(logs(out, {}), {message: /at least one stream/});
  await t.throwsAsync(logs(out, {stdout: true, since: 'x'}), {message: /invalid since "x"/});
  await t.throwsAsync(logs(out, {stdout: true, tail: 'x'}), {message: /invalid tail "x"/});
});

test('createServer() stops following a log when its reader leaves', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const id = await run(daemon, ['sleep']);
  const response = await daemon.client.stream('GET', `/containers/${id}/logs`, {query: {stdout: true, follow: true}});
  await eventually(() => daemon.engine.followers() === 1);
  response.on('error', () => {}).destroy();
  await eventually(() => daemon.engine.followers() === 0);
  t.pass();
});

test('createServer() joins an attached client with the container: input, half-close, output, end', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const {client} = daemon;
  const {Id} = await client.call<ContainerCreated>('POST', '/containers/create', {
    body: {Image: 'host', Cmd: ['cat'], OpenStdin: true, StdinOnce: true},
  });
  const streams = await client.upgrade(`/containers/${Id}/attach`, {
    query: {stream: true, stdin: true, stdout: true, stderr: true},
  });
  await client.call('POST', `/containers/${Id}/start`);
  streams.end('through the container');
  t.deepEqual(await frames(streams), ['stdout:through the container']);
});

test('createServer() gives an attached client only the streams it asked for', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const {client} = daemon;
  const {Id} = await client.call<ContainerCreated>('POST', '/containers/create', {
    body: {Image: 'host', Cmd: ['echo', 'unseen']},
  });
  const streams = await client.upgrade(`/containers/${Id}/attach`, {query: {stream: true, stderr: true}});
  await client.call('POST', `/containers/${Id}/start`);
  t.deepEqual(await frames(streams), []);
});

test('createServer() refuses an upgrade in words', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const {client} = daemon;
  await t.throwsAsync(client.upgrade('/containers/nosuch/attach'), {
    instanceOf: ApiError,
    message: 'No such container: nosuch',
  });
  await t.throwsAsync(client.upgrade('/session'), {instanceOf: ApiError, message: /cannot be upgraded/});
});

test('createServer() serves networks', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const {client} = daemon;
  const body = {
    Name: 'blue',
    Driver: 'bridge',
    IPAM: {Driver: 'default', Config: [{Subnet: '10.5.0.0/24', Gateway: '10.5.0.9'}]},
    Labels: {a: 'b'},
  };
  const {Id} = await client.call<{Id: string}>('POST', '/networks/create', {body});
  const id = await run(daemon, ['sleep'], {HostConfig: {NetworkMode: 'blue'}}, 'web');
  const network = await client.call<NetworkResource>('GET', '/networks/blue');
  t.like(network, {
    Id,
    Driver: 'bridge',
    Labels: {a: 'b'},
    IPAM: {Config: [{Subnet: '10.5.0.0/24', Gateway: '10.5.0.9'}]},
  });
  t.like(network.Containers[id], {Name: 'web', IPv4Address: '10.5.0.2/16'});
  const list = await client.call<NetworkResource[]>('GET', '/networks', {
    query: {filters: JSON.stringify({type: {custom: true}})},
  });
  t.deepEqual(
    list.map(({Name, Containers}) => [Name, Containers]),
    [['blue', {}]],
  );
  const named = async (filters: object): Promise<string> => {
    const query = {filters: JSON.stringify(filters)};
    return (await client.call<NetworkResource[]>('GET', '/networks', {query})).map(({Name}) => Name).join();
  };
  t.is(await named({name: ['^b.*e$']}), 'bridge,blue');
  t.is(await named({label: ['a=b', 'c']}), '', 'labels must all be there');
  await t.throwsAsync(named({type: ['foo']}), {message: "invalid filter: 'type'='foo'"});
  await t.throwsAsync(named({dangling: ['maybe']}), {message: "invalid filter 'dangling=[maybe]'"});
  await t.throwsAsync(client.call('DELETE', '/networks/blue'), {message: /active endpoints/});
  await t.throwsAsync(client.call('DELETE', '/networks/bridge'), {message: /pre-defined/});
  await t.throwsAsync(client.call('POST', '/networks/create', {body}), {
    message: 'network with name blue already exists',
  });
  await client.call('DELETE', `/containers/${id}`, {query: {force: true}});
  await client.call('DELETE', `/networks/${Id.slice(0, 12)}`);
  await t.throwsAsync(client.call('GET', '/networks/blue'), {message: 'network blue not found'});
});

test('createServer() names the one image, and says so to who wants to pull', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  t.like((await daemon.client.call<object[]>('GET', '/images/json'))[0], {RepoTags: ['host:latest']});
  t.like(await daemon.client.call('GET', '/images/host/json'), {Os: 'linux', Architecture: 'amd64'});
  await t.throwsAsync(daemon.client.call('GET', '/images/library%2Fnginx/json'), {
    message: 'No such image: library/nginx',
  });
  const pull = daemon.client.call('POST', '/images/create', {query: {fromImage: 'nginx', tag: 'latest'}});
  await t.throwsAsync(pull, {message: /No such image: nginx:latest.*the image there is: host/});
});

test('createServer() refuses a client of another network namespace, except for ping and version', async t => {
  const daemon = await serveFake({netns: '4:1'});
  t.teardown(daemon.close);
  const error = await t.throwsAsync(daemon.client.call('GET', '/containers/json'), {
    instanceOf: ApiError,
    message: /manages network namespace 4:1, and you stand in/,
  });
  t.like(error, {status: 409});
  await t.throwsAsync(daemon.client.upgrade('/containers/x/attach'), {message: /manages network namespace/});
  t.like(await daemon.client.call('GET', '/version'), {ApiVersion: '1.48'});
  t.is((await raw(daemon.socket, 'GET', '/containers/json')).status, 200, 'a client without the header, as Docker');
});

test('createServer() serves a hundred clients at once', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const ids = await Promise.all(Array.from({length: 100}, (_, i) => run(daemon, ['echo', String(i)], {}, `c${i}`)));
  t.is(new Set(ids).size, 100);
  await Promise.all(ids.map(id => daemon.client.call('DELETE', `/containers/${id}`, {query: {force: true}})));
  t.deepEqual(daemon.engine.list(), []);
});

test('createServer() ends: streams are cut, the promise resolves', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  const id = await run(daemon, ['tick']);
  const response = await daemon.client.stream('GET', `/containers/${id}/logs`, {query: {stdout: true, follow: true}});
  const streams = await daemon.client.upgrade(`/containers/${id}/attach`, {
    query: {stream: true, stdout: true, stderr: true},
  });
  const ends = Promise.all([t.throwsAsync(frames(response)), frames(streams).catch(() => {})]);
  await daemon.close();
  await ends;
  t.is(daemon.engine.followers(), 0);
  await t.throwsAsync(createClient(daemon.socket).call('GET', '/_ping'), {code: 'ENOENT'});
});

test('createServer() plans a repair, and begins its end on request', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  t.deepEqual(await daemon.client.call('GET', '/tnet/repair'), [{do: 'del', item: {ns: '', kind: 'netns'}}]);
  await daemon.client.call('POST', '/tnet/shutdown');
  t.is(daemon.shutdowns(), 1);
});

test('createServer() answers a bug with 500 and logs its stack', async t => {
  const daemon = await serveFake();
  t.teardown(daemon.close);
  daemon.engine.list = () => {
    throw new Error('broken\ninside');
  };
  await t.throwsAsync(daemon.client.call('GET', '/info'), {instanceOf: ApiError, message: /broken/});
  t.regex(daemon.logged[0] ?? '', /^\S+ error GET \/v1\.48\/info: Error: broken \| inside \| at /);
});
