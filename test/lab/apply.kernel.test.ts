import {once} from 'node:events';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {useTnet} from '../fixture/use-tnet.ts';

/** A lab that is up becomes another one; what both have stays untouched. */
const folder = mkdtempSync(join(tmpdir(), 'tnet-apply-'));
const tnet = useTnet({
  closing: () => tnet.run(['lab', 'down', '--all']),
  closed(t) {
    rmSync(folder, {recursive: true, force: true});
    t.false(existsSync(folder));
  },
});

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const small = file(
  'small.yaml',
  `name: a
networks: {lan: {subnet: 10.9.0.0/24, gateway: r1}}
nodes:
  c[1-2]: {net: lan}
  r1: {net: lan, router: true, run: exec sleep 987}
  ext: {routes: [{to: 10.9.0.0/24, via: 192.0.2.1}]}
links:
  - {ends: [r1:up, ext:eth0], addr: [192.0.2.1/24, 192.0.2.9/24]}
`,
);
const big = file(
  'big.yaml',
  `name: a
networks: {lan: {subnet: 10.9.0.0/24, gateway: r1}, dmz: {subnet: 10.8.0.0/24}}
nodes:
  a1: {net: lan, run: exec sleep 555}
  c1: {net: {lan: 10.9.0.50}, mtu: 1400, sysctls: {net.ipv4.ip_forward: 1}}
  r1: {net: [lan, dmz], router: true, run: exec sleep 987}
  ext: {routes: [{to: 10.9.0.0/24, via: 192.0.2.1}]}
links:
  - {ends: [r1:up, ext:eth0], addr: [192.0.2.1/24, 192.0.2.9/24]}
  - {ends: [r1:x, a1:y]}
`,
);

const on = (node: string, ...command: readonly string[]): Promise<string> => tnet.ok('lab', 'exec', node, ...command);
const sleeper = (node: string): Promise<string> => on(node, 'sh', '-c', 'pgrep --ns $$ --nslist net -x sleep -a || :');
const apply = (...words: readonly string[]) => tnet.run(['lab', 'apply', ...words]);

/** Everything the kernel has of the lab that a file can speak of; without numbers, which what is made anew has others of. */
const picture = async (): Promise<readonly string[]> => {
  const nodes = ['host', ...(await on('host', 'ls', '/run/netns')).split('\n')];
  const script = 'ip -o -4 addr; ip route; sysctl net.ipv4.ip_forward; ip -o link | sed "s/link.*//"';
  const looks = nodes.map(async node =>
    (await on(node, 'sh', '-c', script)).split('\n').map(line => `${node}: ${line}`),
  );
  return (await Promise.all(looks))
    .flat()
    .map(line => line.replace(/: \d+: /, ': ').replace(/@if\d+/, ''))
    .sort();
};

test.serial('apply changes nothing where the file says what is there', async t => {
  await tnet.ok('lab', 'up', small);
  t.is((await apply(small)).stdout, 'a: no changes\n');
});

test.serial('apply --dry-run says what it would do and does nothing', async t => {
  const was = await picture();
  const {stdout} = await apply('--dry-run', big);
  t.regex(stdout, /^add node a1\n/);
  t.regex(stdout, /\ndel link "c2" type veth master lan to c2:eth0 on host\n/);
  t.regex(stdout, /\nset link "eth0" mtu 1400 on c1\n/);
  t.regex(stdout, /\nstart the programs of a1\n$/);
  t.deepEqual(await picture(), was);
});

test.serial(
  'apply makes what is new, takes what is gone, and leaves programs and links of the others alone',
  async t => {
    const [program, link] = [await sleeper('r1'), await on('r1', 'ip', '-o', 'link', 'show', 'dev', 'up')];
    await on('ext', 'ip', 'addr', 'add', '198.51.100.7/32', 'dev', 'lo');
    const {code, stdout, stderr} = await apply(big);
    t.is(code, 0, stderr);
    t.regex(stdout, /\na: \d+ changes in \d+ ms\n$/);
    t.is(await sleeper('r1'), program, 'the same process');
    t.is(await on('r1', 'ip', '-o', 'link', 'show', 'dev', 'up'), link, 'the same link');
    t.regex(await on('ext', 'ip', 'addr'), /198\.51\.100\.7/, "what a learner made is the learner's");
    t.regex(await sleeper('a1'), /sleep 555/);
    t.is(await on('host', 'ls', '/run/netns'), 'a1\nc1\next\nr1');
    t.regex(await on('c1', 'ip', 'route'), /default via 10\.9\.0\.1/, 'the kernel took it with the address');
    t.is((await apply(big)).stdout, 'a: no changes\n');
    const {nodes, cells} = JSON.parse(await tnet.ok('lab', 'matrix', '--json')) as {nodes: string[]; cells: string[][]};
    t.is(cells[nodes.indexOf('ext')]![nodes.indexOf('c1')], 'yes');
  },
);

test.serial('apply leads back to exactly what up makes', async t => {
  await tnet.ok('lab', 'apply', small);
  t.is((await apply(small)).stdout, 'a: no changes\n');
  t.is(await on('c1', 'sysctl', '-n', 'net.ipv4.ip_forward'), '0', 'as a new namespace has it');
  await on('ext', 'ip', 'addr', 'del', '198.51.100.7/32', 'dev', 'lo');
  const applied = await picture();
  await tnet.ok('lab', 'down', 'a');
  await tnet.ok('lab', 'up', small);
  t.deepEqual(applied, await picture());
});

test.serial('an apply that fails leaves the lab as it was', async t => {
  const was = await picture();
  const program = await sleeper('r1');
  const bad = file(
    'bad.yaml',
    `${readFileSync(big, 'utf8').replace('c1: {', 'c1: {routes: [{to: 10.7.0.0/16, via: 203.0.113.1}], ')}`,
  );
  const {code, stderr} = await apply(bad);
  t.is(code, 2, stderr);
  t.regex(stderr, /add route "10\.7\.0\.0\/16" via 203\.0\.113\.1.*; lab "a" is as it was/);
  t.deepEqual(await picture(), was);
  t.is(await sleeper('r1'), program);
  t.is((await apply(small)).stdout, 'a: no changes\n');
});

test.serial('an apply that is killed half-way is mended by the next, to the new file or to the old', async t => {
  const was = await picture();
  for (const next of [big, small]) {
    const record = join(tnet.runRoot, 'labs/a.json');
    const child = tnet.start('lab', 'apply', big);
    const deadline = performance.now() + 10_000;
    while (
      !readFileSync(record, 'utf8').includes('"pending"') &&
      child.exitCode === null &&
      performance.now() < deadline
    )
      await sleep(1);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await tnet.ok('lab', 'apply', next);
    t.is((await apply(next)).stdout, 'a: no changes\n');
    t.false(readFileSync(record, 'utf8').includes('"pending"'));
    await tnet.ok('lab', 'apply', small);
  }
  t.deepEqual(await picture(), was);
});

test.serial('apply starts the programs of a node anew whose `run` has changed, and no others', async t => {
  const changed = file(
    'run.yaml',
    readFileSync(small, 'utf8').replace('exec sleep 987', '[exec sleep 111, exec sleep 222]'),
  );
  t.regex((await apply(changed)).stdout, /^restart the programs of r1\n/);
  t.deepEqual((await sleeper('r1')).match(/sleep \d+/g)?.sort(), ['sleep 111', 'sleep 222']);
  await tnet.ok('lab', 'apply', small);
});

test.serial('restart ends and starts what a node runs; its links stay', async t => {
  const [program, link] = [await sleeper('r1'), await on('r1', 'ip', '-o', 'addr')];
  t.is(await tnet.ok('lab', 'restart', 'r1'), 'r1');
  const now = await sleeper('r1');
  t.regex(now, /^\d+ sleep 987$/);
  t.not(now, program);
  t.is(await on('r1', 'ip', '-o', 'addr'), link);
  t.regex(
    (await tnet.run(['lab', 'restart', 'nobody'])).stderr,
    /No node "nobody" in lab "a"; there are c1, c2, r1, ext/,
  );
});

test.serial('apply refuses from inside, and where nothing is up', async t => {
  const {code, stderr} = await tnet.run(['lab', 'exec', 'host', 'tnet', 'lab', 'apply', big]);
  t.not(code, 0);
  t.regex(stderr, /Cannot change lab "a" from inside/);
  await tnet.ok('lab', 'down', 'a');
  t.regex((await apply(small)).stderr, /Lab "a" is not up; `tnet lab up` makes one/);
});
