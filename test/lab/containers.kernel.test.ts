import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {run} from '../fixture/host.ts';
import {useTnet} from '../fixture/use-tnet.ts';

/** Nodes that are containers of the lab's own daemon, on links that are the lab's. */
const folder = mkdtempSync(join(tmpdir(), 'tnet-lab-containers-'));
const tnet = useTnet({
  async closing() {
    await tnet.run(['lab', 'down', '--all']);
    await tnet.run(['image', 'rm', 'base:1']);
  },
  closed: () => rmSync(folder, {recursive: true, force: true}),
});

const topology = (nodes: string): string => {
  const path = join(folder, 'a.yaml');
  writeFileSync(path, `name: a\nnetworks: {lan: {subnet: 10.9.0.0/24, gateway: host}}\nnodes:\n${nodes}`);
  return path;
};
const on = (node: string, ...command: readonly string[]): Promise<string> => tnet.ok('lab', 'exec', node, ...command);
const inspect = (format: string): Promise<string> => on('host', 'tnet', 'inspect', '--format', format, 'web');

test.serial('a container finds its links when its command begins', async t => {
  const path = topology(`  c1: {net: lan}
  web: {net: lan, kind: container, image: host, run: "ip -o addr show eth0 > /seen; ip route >> /seen; exec sleep 4321"}
`);
  await tnet.ok('lab', 'up', path);
  t.regex(await on('web', 'cat', '/seen'), /10\.9\.0\.3\/24.*default via 10\.9\.0\.1/s);
  t.is(await on('web', 'hostname'), 'web');
  t.is(await inspect('{{.HostConfig.NetworkMode}}'), 'ns:/run/netns/web');
  t.is((await tnet.run(['lab', 'exec', 'c1', 'cat', '/seen'])).code, 1, 'what it writes is its own');
  const {cells} = JSON.parse(await tnet.ok('lab', 'matrix', '--json')) as {cells: string[][]};
  t.deepEqual(
    cells.flat().filter(cell => cell !== 'none'),
    ['yes', 'yes'],
  );
});

test.serial('a container keeps its links over a restart, by the lab and by its daemon', async t => {
  const link = await on('web', 'ip', '-o', 'addr', 'show', 'eth0');
  for (const restart of [
    () => tnet.ok('lab', 'restart', 'web'),
    () => on('host', 'tnet', 'restart', '-t', '0', 'web'),
  ]) {
    const pid = await inspect('{{.State.Pid}}');
    await restart();
    t.not(await inspect('{{.State.Pid}}'), pid);
    t.is(await on('web', 'ip', '-o', 'addr', 'show', 'eth0'), link);
  }
});

test.serial('apply gives a container another image and leaves the one that has not changed', async t => {
  const [id, link] = [await inspect('{{.Id}}'), await on('web', 'ip', '-o', 'addr', 'show', 'eth0')];
  const same = topology(`  c1: {net: lan}
  c2: {net: lan}
  web: {net: lan, kind: container, image: host, run: "ip -o addr show eth0 > /seen; ip route >> /seen; exec sleep 4321"}
`);
  t.regex((await tnet.run(['lab', 'apply', same])).stdout, /^add node c2\n/);
  t.is(await inspect('{{.Id}}'), id);
  const root = join(folder, 'root');
  for (const name of ['bin', 'proc', 'dev', 'sys', 'etc']) mkdirSync(join(root, name), {recursive: true});
  execFileSync('cp', ['-L', '/bin/busybox', join(root, 'bin/sh')]);
  const other = topology(`  c1: {net: lan}\n  web: {net: lan, image: ${root}}\n`);
  t.regex((await tnet.run(['lab', 'apply', other])).stdout, /^(del .*\n)+restart the programs of web\n/);
  t.not(await inspect('{{.Id}}'), id);
  t.is(await inspect('{{.HostConfig.NetworkMode}}'), 'ns:/run/netns/web');
  t.is(await on('host', 'ip', 'netns', 'exec', 'web', 'ip', '-o', 'addr', 'show', 'eth0'), link);
  await tnet.ok('lab', 'apply', topology('  c1: {net: lan}\n'));
  t.is(await on('host', 'tnet', 'ps', '-aq'), '');
});

test.serial('an image of the machine is taken where it lies', async t => {
  const root = join(folder, 'root');
  run(`tar -C ${root} -cf ${folder}/base.tar .`);
  const change = ['-c', 'CMD ["sh", "-c", "exec sleep 999"]', '-c', 'ENV GREETING=hello'];
  await tnet.ok('image', 'import', ...change, join(folder, 'base.tar'), 'base:1');
  await tnet.ok('lab', 'apply', topology('  web: {net: lan, image: "base:1"}\n'));
  t.regex(await inspect('{{.Args}} {{.Config.Env}}'), /GREETING=hello/);
  t.is(await on('web', 'sh', '-c', 'echo $GREETING'), 'hello');
});

test.serial('a container that cannot start is one clear line, and the lab is not there', async t => {
  await tnet.ok('lab', 'down', 'a');
  const {code, stderr} = await tnet.run(['lab', 'up', topology('  web: {net: lan, image: "nothing:1"}\n')]);
  t.is(code, 2);
  t.regex(stderr, /Cannot use image "nothing:1": .*No such image.*`tnet image import` makes one/s);
  t.is(await tnet.ok('lab', 'inspect', '--all', '--json'), '[]');
  const wrong = await tnet.run(['lab', 'up', topology('  web: {net: lan, kind: container}\n')]);
  t.regex(wrong.stderr, /a\.yaml:4:19: a container has an image; add `image: host`/);
});
