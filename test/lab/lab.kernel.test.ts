import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {belongings, run} from '../fixture/host.ts';
import {useTnet} from '../fixture/use-tnet.ts';

/** Labs through the command: two side by side, killed half-way, gone without a trace. */
const bin = join(dirname(fileURLToPath(import.meta.url)), '../../../dist/bin/tnet.cjs');
const folder = mkdtempSync(join(tmpdir(), 'tnet-lab-'));
const tnet = useTnet({
  closing: () => tnet.run(['lab', 'down', '--all']),
  closed: () => rmSync(folder, {recursive: true, force: true}),
});
const before = belongings();

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

test.serial('up makes what a topology says, down takes all of it', async t => {
  const path = file(
    'a.yaml',
    `name: a
networks: {lan: {subnet: 10.9.0.0/24, gateway: r1, mtu: 1400}}
nodes:
  c[1-3]: {net: lan}
  r1: {net: lan, router: true, run: exec sleep 987}
  ext: {routes: [{to: 10.9.0.0/24, via: 192.0.2.1}]}
links:
  - {ends: [r1:up, ext:eth0], addr: [192.0.2.1/24, 192.0.2.9/24]}
`,
  );
  t.regex(await tnet.ok('lab', 'up', path), /^a is up: 5 nodes, 1 networks, 1 links in \d+ ms$/);
  t.deepEqual(belongings().links, before.links, 'the machine has no new link');
  const addresses = await tnet.ok('lab', 'exec', 'c2', 'ip', '-br', 'addr', 'show', 'eth0');
  t.regex(addresses, /10\.9\.0\.3\/24/);
  t.regex(await tnet.ok('lab', 'exec', 'c2', 'ip', 'link', 'show', 'eth0'), /mtu 1400/);
  t.is(await tnet.ok('lab', 'exec', 'c2', 'hostname'), 'c2');
  const parents = await tnet.ok('lab', 'exec', 'host', 'ps', '-C', 'sleep', '-o', 'ppid=');
  t.is(parents.trim(), '1', 'the lab need not wait for the machine to reap it');
  const {cells} = JSON.parse(await tnet.ok('lab', 'matrix', '--json')) as {cells: readonly (readonly string[])[]};
  t.true(cells.flat().every(cell => cell !== 'no'));
  t.regex(await tnet.ok('lab', 'graph', '--format', 'mermaid'), /10\.9\.0\.3\/24/);
  t.is(await tnet.ok('lab', 'down', 'a'), 'a');
  t.is((await tnet.run(['lab', 'exec', 'c2', 'true'])).code, 2);
});

test.serial('two labs of one address plan live side by side', async t => {
  const path = file('b.yaml', 'name: b\nnetworks: {lan: {}}\nnodes: {c1: {net: lan}}\n');
  await tnet.ok('lab', 'up', path);
  await tnet.ok('lab', 'up', path, '--name', 'b2');
  const again = await tnet.run(['lab', 'up', path]);
  t.is(again.code, 2);
  t.regex(again.stderr, /"b" is up already/);
  const [one, two] = await Promise.all(
    ['b', 'b2'].map(lab => tnet.ok('lab', 'exec', '--lab', lab, 'c1', 'readlink', '/proc/self/ns/net')),
  );
  t.not(one, two);
  await tnet.ok('lab', 'down', 'b', 'b2');
});

test.serial('a shell in a lab has the commands of the lab, but cannot end it', async t => {
  await tnet.ok('lab', 'up', file('d.yaml', 'name: d\nnetworks: {lan: {}}\nnodes: {c1: {net: lan}, c2: {net: lan}}\n'));
  const inside = (...words: readonly string[]) =>
    tnet.run(['lab', 'exec', '--lab', 'd', 'c1', 'tnet', 'lab', ...words]);
  t.is((await inside('exec', 'c2', 'hostname')).stdout, 'c2\n');
  const {cells} = JSON.parse((await inside('matrix', '--json')).stdout) as {cells: readonly (readonly string[])[]};
  t.deepEqual(
    cells.flat().filter(cell => cell === 'no'),
    [],
  );
  const {code, stderr} = await inside('down', 'd');
  t.not(code, 0);
  t.regex(stderr, /Cannot end lab "d" from inside; leave its shell first/);
  await tnet.ok('lab', 'down', 'd');
});

test.serial('a kill in the middle of up leaves nothing that down cannot take', async t => {
  const path = file('k.yaml', 'name: k\nnetworks: {lan: {}}\nnodes: {"c[1-200]": {net: lan}}\n');
  const child = spawn(process.execPath, [bin, 'lab', 'up', path], {
    env: {...process.env, TNET_ROOT: tnet.root, TNET_RUN_ROOT: tnet.runRoot},
    stdio: 'ignore',
  });
  await new Promise(resolve => setTimeout(resolve, 150)); // wherever that is: every moment has to do
  child.kill('SIGKILL');
  await once(child, 'exit');
  await tnet.ok('lab', 'down', '--force', 'k');
  t.is(await tnet.ok('lab', 'inspect', '--all', '--json'), '[]');
});

test.serial('containers that a learner starts are in the lab alone, and go with it, cgroups and all', async t => {
  await tnet.ok('lab', 'up', file('d.yaml', 'name: d\nnodes: {c1: {}}\n'));
  const inLab = (...args: readonly string[]): Promise<string> => tnet.ok('lab', 'exec', 'host', ...args);
  await inLab('tnet', 'run', '-d', '--name', 'web', 'host', 'sleep', '600');
  t.regex(await inLab('tnet', 'ps'), /web/);
  t.deepEqual(belongings().links, before.links, 'the machine has no docker0 of it');
  const pid = await inLab('tnet', 'inspect', '--format', '{{.State.Pid}}', 'web');
  const cgroups = await inLab('cat', `/proc/${pid}/cgroup`);
  const [, name] = /\/(tnet\/[0-9a-f]{12})\//.exec(cgroups) ?? [];
  t.truthy(name);
  await tnet.ok('lab', 'down', 'd');
  t.is(run(`find /sys/fs/cgroup -type d -path '*/${name}*' | wc -l`).trim(), '0');
});

test.serial('a topology that is wrong is refused with its place and the fix', async t => {
  const path = file('w.yaml', 'name: w\nnodes:\n  c1: {nett: lan}\n');
  const {code, stderr} = await tnet.run(['lab', 'up', path]);
  t.is(code, 2);
  t.is(stderr, `tnet: ${path}:3:8: unknown key "nett"; did you mean "net"?\n`);
});
