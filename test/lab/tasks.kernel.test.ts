import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {LabResult} from '../../src/lab/results/result.ts';
import {useTnet} from '../fixture/use-tnet.ts';

/** An exercise of two tasks: solved in parts, looked at both ways and explained, in IPv6. */
const folder = mkdtempSync(join(tmpdir(), 'tnet-lab-tasks-'));
process.env.TNET_SCENARIOS = folder;
process.env.XDG_STATE_HOME = folder;
const tnet = useTnet({
  closing: () => tnet.run(['lab', 'down', '--all']),
  closed: () => rmSync(folder, {recursive: true, force: true}),
});

const files = {
  'topology.yaml': `name: x
networks: {lan: {subnet: "2001:db8:1::/64"}}
nodes: {"c[1-3]": {net: lan}}
`,
  'setup.sh': `# on: c2
nft 'table ip6 wall { chain in { type filter hook input priority 0; icmpv6 type echo-request ip6 saddr 2001:db8:1::2 drop; }; }'
# on: c3
nft 'table ip6 wall { chain out { type filter hook output priority 0; icmpv6 type echo-request drop; }; }'
`,
  'solution.sh': `# on: c2
nft delete table ip6 wall
# on: c3
nft delete table ip6 wall
# on: host
touch /run/lab/end
`,
  'scenario.yaml': `apiVersion: tnet/lab/v1
id: walls
title: Two walls
track: ops
order: 1
level: 1
minutes: 5
requires: {tools: [nft]}
setup: setup.sh
tasks:
  - id: first
    title: c1 reaches c2
    checks: [{id: there, type: reachable, from: c1, to: "2001:db8:1::3"}]
  - id: second
    title: c1 and c3 reach each other
    checks: [{id: both, type: reachable, from: c1, to: "2001:db8:1::4", bidirectional: true}]
`,
  'README.md': 'Two walls.\n',
  'solution.md': 'Two walls less.\n',
};

const check = async (): Promise<LabResult> => {
  const {stdout, stderr} = await tnet.run(['lab', 'check', '--json']);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as LabResult;
};

test.before(() => {
  const exercise = join(folder, '001-walls');
  mkdirSync(exercise);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(exercise, name), text);
});

test.serial('check --json has the way of the first lost packet, in IPv6 too', async t => {
  await tnet.ok('lab', 'start', 'walls');
  const {tasks} = await check();
  t.deepEqual(
    tasks.map(({status}) => status),
    ['fail', 'fail'],
  );
  const [there] = tasks[0]!.checks;
  t.is(there?.why?.packet.destination, '2001:db8:1::3' as never);
  t.regex(`${there?.why?.summary} ${there?.why?.because}`, /c2.*nft|wall/s);
  t.is(tasks[1]!.checks[0]?.why, undefined, 'only the first is sent again');
});

test.serial('bidirectional asks the other way too, and says which one fails', async t => {
  const [both] = (await check()).tasks[1]!.checks;
  t.is(both?.expected, 'c3 gets an answer from 2001:db8:1::2 (icmp)');
});

test.serial('solve --until stops when that task passes', async t => {
  const status = async () => (await check()).tasks.map(each => each.status);
  t.regex(
    (await tnet.run(['lab', 'solve', '--until', 'third'])).stderr,
    /No task "third" in "walls"; there are first, second/,
  );
  await tnet.ok('lab', 'solve', '--until', 'first');
  t.deepEqual(await status(), ['pass', 'fail']);
  await tnet.ok('lab', 'reset');
  await tnet.ok('lab', 'solve', '--until', 'second');
  t.deepEqual(await status(), ['pass', 'pass']);
  t.not(
    (await tnet.run(['lab', 'exec', 'host', 'test', '-e', '/run/lab/end'])).code,
    0,
    'the last chunk was not needed',
  );
});
