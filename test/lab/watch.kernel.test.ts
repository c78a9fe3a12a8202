import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {openLabs} from '../../src/lab/labs.ts';
import {watchLab} from '../../src/lab/watch-lab.ts';
import {useTnet} from '../fixture/use-tnet.ts';

/** Watching a lab: what happens in it is seen at once, and the learner's work looked at again. */
const scenario = join(dirname(fileURLToPath(import.meta.url)), '../../../scenarios/040-default-route');
const state = mkdtempSync(join(tmpdir(), 'tnet-watch-'));
process.env.XDG_STATE_HOME = state; // the machine's learner keeps their progress
const tnet = useTnet({
  closing: () => tnet.run(['lab', 'down', '--all']),
  closed: () => rmSync(state, {recursive: true}),
});

test.before(async () => {
  await tnet.ok('lab', 'start', scenario);
});

const onC1 = (...command: readonly string[]): Promise<string> =>
  tnet.ok('lab', 'exec', '--lab', 'default-route', 'c1', ...command);

test.serial(
  'watchLab() hears an address, a route and an nft table of any node, and a new namespace by looking',
  async t => {
    t.timeout(60_000);
    const record = openLabs(tnet.runRoot).get('default-route');
    let heard: (() => void) | null = null;
    const stop = watchLab({record, env: process.env, sysctls: []}, () => heard?.());
    const reaction = async (...command: readonly string[]): Promise<number> => {
      const next = new Promise<number>(resolve => {
        heard = () => resolve(performance.now());
      });
      await onC1(...command);
      const done = performance.now();
      return Math.max(0, (await next) - done);
    };
    try {
      const events = [
        await reaction('ip', 'address', 'add', '192.0.2.77/32', 'dev', 'lo'),
        await reaction('ip', 'route', 'add', '198.51.100.0/24', 'dev', 'eth0'),
        await reaction('nft', 'add table inet mine'),
      ];
      t.log(`after the command: ${events.map(ms => ms.toFixed(0)).join(', ')} ms`);
      t.true(Math.min(...events) < 300);
      await reaction('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    } finally {
      stop();
    }
    await onC1('ip', 'route', 'del', '198.51.100.0/24');
    await onC1('nft', 'delete table inet mine');
  },
);

test.serial('check --watch says it is passed when it is, and answers to keys', async t => {
  t.timeout(60_000);
  const child = tnet.start('lab', 'check', '--watch', '--lab', 'default-route');
  let said = '';
  child.stdout!.on('data', (data: Buffer) => {
    said += data;
  });
  const until = async (wanted: RegExp): Promise<void> => {
    while (!wanted.test(said)) await new Promise(resolve => child.stdout!.once('data', resolve));
  };
  const ended = new Promise(resolve => child.once('exit', resolve));
  try {
    await until(/0 of \d+ points/);
    child.stdin!.write('l');
    await until(/under way/);
    await onC1('ip', 'route', 'add', 'default', 'via', '10.0.0.1');
    await until(/: passed/);
    child.stdin!.write('r');
    await until(/r once more/);
    child.stdin!.write('r');
    await until(/is fresh again/);
    child.stdin!.write('q');
    await ended;
    t.is(child.exitCode, 0);
  } finally {
    child.kill('SIGKILL');
  }
});

test.serial('why says where the packet of the first failing check ended', async t => {
  const said = await tnet.ok('lab', 'why', '--lab', 'default-route');
  t.regex(said, /the packet of reach: unreachable, says the kernel of c1: ENETUNREACH/);
  const failures = JSON.parse(await tnet.ok('lab', 'why', '--json', '--lab', 'default-route'));
  t.is(failures.find(({id}: {id: string}) => id === 'reach').why.outcome, 'unreachable');
  t.regex(said, /because c1 has no route to 203\.0\.113\.10/);
});
