import {connect} from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import {createClient} from '../../src/api/client.ts';
import {escaped, hostile, junk, refused, request, send as sendTo} from '../fixture/hostile.ts';
import {useTnet} from '../fixture/use-tnet.ts';

/** Whatever bytes a client sends, a real daemon refuses them with 4xx, does nothing, and goes on answering. */
const tnet = useTnet({
  async closing(t) {
    t.is(await tnet.ok('ps', '-aq'), '');
    t.is(tnet.daemonPid(), pid, 'it is the same daemon still');
  },
});
let pid = 0;

test.before(async () => {
  await tnet.ok('ps');
  pid = tnet.daemonPid();
});

const send = (bytes: string | Buffer): Promise<number> => sendTo(tnet.socket, bytes);
const alive = async (): Promise<boolean> => (await send(request('GET', '/_ping'))) === 200;

const fields = [
  'Cmd',
  'Entrypoint',
  'Env',
  'WorkingDir',
  'Hostname',
  'Domainname',
  'Labels',
  'StopSignal',
  'StopTimeout',
  'ExposedPorts',
  'HostConfig',
  'NetworkingConfig',
  'Volumes',
  'Healthcheck',
  'User',
  'Tty',
];
const hostFields = [
  'NetworkMode',
  'PortBindings',
  'Publish',
  'Memory',
  'NanoCpus',
  'PidsLimit',
  'RestartPolicy',
  'AutoRemove',
  'Dns',
  'ExtraHosts',
  'Binds',
  'Mounts',
  'Tmpfs',
  'VolumesFrom',
  'CapAdd',
  'Privileged',
  'Devices',
  'LogConfig',
];

const bodies = fc.record({
  // An image that is not there: a body that happens to be good is refused too.
  Image: fc.oneof(
    fc.constant('nosuchimage'),
    junk.filter(image => image !== 'host'),
  ),
  body: fc.dictionary(fc.constantFrom(...fields), junk, {maxKeys: 3}),
  host: fc.dictionary(fc.constantFrom(...hostFields), junk, {maxKeys: 3}),
});

test.serial('POST /containers/create refuses whatever is not a container', async t => {
  await fc.assert(
    fc.asyncProperty(bodies, hostile, async ({Image, body, host}, name) => {
      const json = JSON.stringify({HostConfig: host, ...body, Image});
      const status = await send(request('POST', `/containers/create?name=${escaped(name)}`, json));
      if (!refused(status)) throw new Error(`${status} for ${json.slice(0, 300)}`);
    }),
    {numRuns: 250},
  );
  t.true(await alive());
});

test.serial('every other path refuses names, queries and bodies that are none', async t => {
  const paths = fc.constantFrom(
    ...['start', 'stop?t=', 'restart?t=', 'kill?signal=', 'rename?name=', 'wait?condition=', 'attach'].map(
      verb => ['POST', `/containers/REF/${verb}`] as const,
    ),
    ...['json', 'logs?stdout=1&tail='].map(verb => ['GET', `/containers/REF/${verb}`] as const),
    ['DELETE', '/containers/REF?v='] as const,
    ['DELETE', '/networks/REF'] as const,
    ['POST', '/networks/REF/connect'] as const,
    ['POST', '/networks/create'] as const,
    ['GET', '/events?since=x'] as const,
    ['GET', '/containers/json?filters=x'] as const,
    ['POST', '/containers/prune?filters=x'] as const,
  );
  await fc.assert(
    fc.asyncProperty(paths, hostile, hostile, junk, async ([method, path], ref, tail, body) => {
      const url = path.replace('REF', `none-${escaped(ref)}`) + (path.endsWith('=') ? escaped(tail) : '');
      const json = JSON.stringify(
        typeof body === 'object' && body !== null && !Array.isArray(body) ? {...body, Name: ''} : body,
      );
      const status = await send(request(method, url, method === 'POST' ? json : ''));
      if (!refused(status)) throw new Error(`${status} for ${method} ${url.slice(0, 200)} ${json?.slice(0, 200)}`);
    }),
    {numRuns: 300},
  );
  t.true(await alive());
});

const deep = `${'[{"a":'.repeat(100_000)}1`;
for (const [what, bytes] of [
  ['JSON nested 100,000 deep, unclosed', request('POST', '/containers/create', deep)],
  ['JSON nested 50,000 deep', request('POST', '/containers/create', `${'['.repeat(50_000)}${']'.repeat(50_000)}`)],
  [
    'nesting inside a field',
    request(
      'POST',
      '/containers/create',
      `{"Image":"nosuch","Labels":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`,
    ),
  ],
  [
    'text that is no UTF-8',
    request('POST', '/containers/create', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d])),
  ],
  ['a body over the limit', request('POST', '/containers/create', `{"Image":"${'x'.repeat(5 * 1024 * 1024)}"}`)],
  ['a body that is no JSON', request('POST', '/containers/create', 'Image=host')],
  [
    'chunks of no length',
    'POST /containers/create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n',
  ],
  [
    'both a length and chunks',
    'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n',
  ],
  ['a length that is none', 'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n{}'],
  ['a header of 200 kB', `GET /containers/json HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(200_000)}\r\n\r\n`],
  ['5000 headers', `GET /nosuch HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(5000)}\r\n`],
  ['a path of 60 kB', `GET /${'a'.repeat(60_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  ['a percent sign alone in a path', request('GET', '/containers/%/json')],
  ['no HTTP at all', '\0\x01\x02\xff\r\n\r\n'],
] as const)
  test.serial(`the daemon refuses ${what}`, async t => {
    const status = await send(bytes as string | Buffer);
    // 0: cut off. A server that answers before it read all lets our write fail first, and Node then drops the answer.
    t.true(status === 0 || refused(status), String(status));
    t.true(await alive());
  });

test.serial('a client that leaves in the middle of its request disturbs nobody', async t => {
  for (let i = 0; i < 30; i++) {
    const socket = connect(tnet.socket);
    socket.on('error', () => {});
    socket.write(
      'POST /containers/create?name=half HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"Image":"host","Cm',
    );
    await new Promise(resolve => setImmediate(resolve));
    socket.destroy();
  }
  t.true(await alive());
  t.deepEqual(await createClient(tnet.socket).call('GET', '/containers/json', {query: {all: true}}), []);
});
