import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import test from 'ava';
import {createBlockCutter, decodeBlock} from '../../src/api/pcapng-decode.ts';
import {useTnet} from '../fixture/use-tnet.ts';

/** Packets of a lab's nodes, by the command. */
const folder = mkdtempSync(join(tmpdir(), 'tnet-lab-capture-'));
const tnet = useTnet({
  closing: () => tnet.run(['lab', 'down', '--all']),
  closed: () => rmSync(folder, {recursive: true, force: true}),
});

test.before(async () => {
  const path = join(folder, 'a.yaml');
  writeFileSync(path, 'name: a\nnetworks: {lan: {subnet: 10.9.0.0/24}}\nnodes: {"c[1-2]": {net: lan}}\n');
  await tnet.ok('lab', 'up', path);
});

/** Captures while every node sends an echo request to every other. */
async function whileTalking(...words: readonly string[]): Promise<{code: number; stdout: string; stderr: string}> {
  const child = tnet.start('lab', 'capture', ...words);
  const said = {stdout: '', stderr: ''};
  child.stdout!.on('data', (data: Buffer) => {
    said.stdout += data.toString();
  });
  for await (const line of createInterface({input: child.stderr!})) {
    said.stderr += `${line}\n`;
    if (!line.includes('capturing')) continue;
    await tnet.ok('lab', 'matrix');
    if (!words.includes('-c')) child.kill('SIGINT');
  }
  if (child.exitCode === null) await once(child, 'exit');
  return {code: child.exitCode ?? -1, ...said};
}

test.serial('capture writes the packets of one interface of a node as pcapng', async t => {
  const path = join(folder, 'c1.pcapng');
  const {code, stderr} = await whileTalking('c1:eth0', '-w', path, 'icmp');
  t.is(code, 0, stderr);
  t.regex(
    stderr,
    /^tnet: capturing c1:eth0 of lab "a".* on eth0\ntnet: 4 packets captured, 0 dropped by the kernel\n$/,
  );
  const blocks = createBlockCutter()(readFileSync(path)).map(decodeBlock);
  t.deepEqual(
    blocks.flatMap(block => (block.kind === 'interface' ? [block.name] : [])),
    ['eth0'],
  );
  t.is(blocks.filter(({kind}) => kind === 'packet').length, 4);
});

test.serial('capture prints, of a bridge each frame once, and ends after so many', async t => {
  const {code, stdout} = await whileTalking('host:lan', '--print', '-c', '4', 'icmp');
  t.is(code, 0);
  t.is(stdout.match(/10\.9\.0\.2 > 10\.9\.0\.3: ICMP echo request/g)?.length, 1, stdout);
  t.is(stdout.trim().split('\n').length, 4);
});

test.serial('capture says what there is instead', async t => {
  const error = async (...words: readonly string[]) => (await tnet.run(['lab', 'capture', ...words])).stderr;
  t.regex(await error('c9'), /No node "c9" in lab "a"; there are c1, c2, host/);
  t.regex(await error('c1:eth7'), /No interface "eth7" on c1; there are lo, .*eth0/);
  t.regex(await error('c1', 'prot', '80'), /prot/);
});
