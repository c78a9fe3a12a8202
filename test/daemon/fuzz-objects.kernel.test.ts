import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {createClient} from '../../src/api/client.ts';
import {run} from '../fixture/host.ts';
import {ask, escaped, hostile, junk, refused, request} from '../fixture/hostile.ts';
import {useTnet} from '../fixture/use-tnet.ts';

/** Bodies of the right shape with hostile words in them, and real things they aim at: 4xx, or what was asked for and nothing else. */
const base = mkdtempSync(join(tmpdir(), 'tnet-fuzz-'));
const top = readdirSync('/');
let pid = 0;
const tnet = useTnet({
  closing: async t => {
    t.is(await tnet.ok('ps', '-a', '--format', '{{.Names}} {{.State}}'), 'box running');
    t.is(tnet.daemonPid(), pid, 'it is the same daemon still');
  },
  closed: t => {
    t.deepEqual(readdirSync(base), [], 'no source of a bind was made');
    rmSync(base, {recursive: true});
    t.deepEqual(readdirSync('/'), top);
  },
});

test.before(async () => {
  await tnet.ok('run', '-d', '--name', 'box', '--network', 'none', 'host', 'sleep', '1000');
  pid = tnet.daemonPid();
});

const send = (bytes: string | Buffer): Promise<number> => ask(tnet.socket, bytes);
/** An answer to whoever asked wrongly, or rightly: never a bug, never silence. */
const answered = (status: number): boolean => refused(status) || (status >= 200 && status < 300);

const word = fc.oneof(
  hostile,
  fc.constantFrom('a', '/a', '/a/../..', '/proc/1/root', '/proc/self/fd/1', `${base}/x`, 'A=b', '=', 'a:b'),
);
/** `a:b:c`, as binds, devices, ports and links are written. */
const joined = fc.array(word, {minLength: 1, maxLength: 4}).map(words => words.join(':'));
const words = fc.array(fc.oneof(word, joined), {maxLength: 3});
const dictionary = fc.dictionary(word, word, {maxKeys: 3});
const optional = {requiredKeys: []};
const mount = fc.record(
  {
    Type: fc.oneof(fc.constantFrom('bind', 'volume', 'tmpfs', 'npipe'), word),
    Source: word,
    Target: word,
    ReadOnly: fc.oneof(fc.boolean(), junk),
    Consistency: word,
    BindOptions: fc.record({Propagation: word, NonRecursive: fc.boolean(), CreateMountpoint: fc.boolean()}, optional),
    VolumeOptions: fc.record({NoCopy: fc.boolean(), Labels: dictionary, Subpath: word}, optional),
    TmpfsOptions: fc.record({SizeBytes: fc.double(), Mode: fc.integer()}, optional),
  },
  optional,
);
const host = fc.record(
  {
    Binds: words,
    Mounts: fc.array(mount, {maxLength: 3}),
    Tmpfs: dictionary,
    VolumesFrom: words,
    ExtraHosts: words,
    Dns: words,
    Sysctls: dictionary,
    SecurityOpt: words,
    CapAdd: words,
    GroupAdd: words,
    Links: words,
    NetworkMode: word,
    PidMode: word,
    IpcMode: word,
    UsernsMode: word,
    CgroupParent: word,
    CpusetCpus: word,
    LogConfig: fc.record({Type: fc.constantFrom('json-file', 'none', 'x'), Config: dictionary}),
    Ulimits: fc.array(fc.record({Name: word, Soft: fc.integer(), Hard: fc.integer()}), {maxLength: 2}),
    Devices: fc.array(fc.record({PathOnHost: word, PathInContainer: word, CgroupPermissions: word}), {maxLength: 2}),
  },
  optional,
);
const config = fc.record(
  {
    Env: words,
    Cmd: words,
    Entrypoint: words,
    WorkingDir: word,
    User: word,
    Hostname: word,
    Domainname: word,
    Labels: dictionary,
    StopSignal: word,
    Volumes: fc.dictionary(word, fc.constant({}), {maxKeys: 2}),
    ExposedPorts: fc.dictionary(word, fc.constant({}), {maxKeys: 2}),
  },
  optional,
);

/** Keys of `all` that a case has: few, so that one hostile word is not always refused for another's sake. */
const few = <T extends object>(all: fc.Arbitrary<T>): fc.Arbitrary<Partial<T>> =>
  fc.tuple(all, fc.integer({min: 0, max: 2}), fc.nat()).map(([whole, count, from]) => {
    const entries = Object.entries(whole);
    return Object.fromEntries(
      [...entries, ...entries].slice(from % Math.max(1, entries.length)).slice(0, count),
    ) as Partial<T>;
  });

test.serial(
  'containers with hostile mounts, variables, paths and names are refused, or made as asked and removed',
  async t => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(few(config), few(host), fc.option(word, {nil: ''}), async (own, HostConfig, name) => {
        const json = JSON.stringify({Image: 'host', Cmd: ['true'], ...own, HostConfig});
        const status = await send(request('POST', `/containers/create?name=${escaped(name)}`, json));
        if (status !== 201 && !refused(status)) throw new Error(`${status} for ${json.slice(0, 500)}`);
        if (status !== 201) return;
        made++;
        const ids = (await tnetIds()).filter(id => id !== '');
        for (const id of ids)
          if ((await send(request('DELETE', `/containers/${id}?v=1`))) !== 204) throw new Error(`not removed: ${json}`);
      }),
      {numRuns: 250},
    );
    t.log(`${made} made`);
    await createClient(tnet.socket).call('POST', '/volumes/prune', {query: {filters: '{"all":["true"]}'}});
    t.is(await tnet.ok('volume', 'ls', '-q'), '');
  },
);

/** Of what was created and never ran. */
async function tnetIds(): Promise<readonly string[]> {
  const query = {all: true, filters: '{"status":["created"]}'};
  const list = await createClient(tnet.socket).call<readonly {Id: string}[]>('GET', '/containers/json', {query});
  return list.map(({Id}) => Id);
}

const verbs = fc.constantFrom(
  ['GET', '/containers/box/archive?path='],
  ['HEAD', '/containers/box/archive?path='],
  ['PUT', '/containers/box/archive?path='],
  ['GET', '/containers/box/top?ps_args='],
  ['GET', '/containers/box/logs?stdout=1&tail='],
  ['GET', '/containers/box/logs?stderr=1&since='],
  ['GET', '/containers/json?limit='],
  ['POST', '/containers/box/resize?h=1&w='],
  ['POST', '/containers/box/update?x='],
  ['POST', '/containers/box/exec?x='],
  ['POST', '/volumes/create?x='],
  ['GET', '/volumes/'],
  ['DELETE', '/volumes/'],
  ['GET', '/volumes?filters='],
  ['GET', '/images/'],
  ['DELETE', '/images/none'],
  ['POST', '/images/create?fromImage='],
  ['POST', '/images/host/tag?repo='],
  ['GET', '/events?until=1&filters='],
  ['GET', '/exec/'],
  ['POST', '/exec/none'],
) as fc.Arbitrary<[string, string]>;

test.serial('paths, names, filters and bodies aimed at what runs are answered, and change nothing', async t => {
  const body = fc.oneof(
    junk,
    fc.record({Name: word, Driver: word, DriverOpts: dictionary, Labels: dictionary}, optional),
    fc.record({Cmd: words, Env: words, WorkingDir: word, User: word, DetachKeys: word}, optional),
    fc.record({Memory: fc.double(), CpusetCpus: word, NanoCpus: fc.integer(), PidsLimit: fc.double()}, optional),
  );
  await fc.assert(
    fc.asyncProperty(verbs, word, body, async ([method, path], tail, what) => {
      const url = path + escaped(tail);
      const json = method === 'POST' || method === 'PUT' ? (JSON.stringify(what) ?? '') : '';
      const status = await send(request(method, url, json));
      if (!answered(status)) throw new Error(`${status} for ${method} ${url.slice(0, 200)} ${json.slice(0, 300)}`);
    }),
    {numRuns: 400},
  );
  await createClient(tnet.socket).call('POST', '/volumes/prune', {query: {filters: '{"all":["true"]}'}});
  t.is(run(`ls ${base}`), '');
  t.is(await tnet.ok('exec', 'box', 'echo', 'alive'), 'alive');
});
