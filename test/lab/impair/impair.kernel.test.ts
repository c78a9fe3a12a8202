import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {openEyes} from '../../../src/lab/eyes/open-eyes.ts';
import {type LabRecord, openLabs} from '../../../src/lab/labs.ts';
import {namespaceOf} from '../../../src/lab/place.ts';
import {parseIp} from '../../../src/model/ip.ts';
import {useTnet} from '../../fixture/use-tnet.ts';
import {type Received, type Standpoint, sendNumbered} from './datagrams.ts';

/** Every effect, measured: with netem on kernels that have it, elsewhere with nft, tbf and the relay. */
const folder = mkdtempSync(join(tmpdir(), 'tnet-impair-'));
const topology = `name: w
networks: {lan: {subnet: 10.7.0.0/24}}
nodes:
  a: {sysctls: {net.ipv6.conf.all.disable_ipv6: 1}}
  b: {sysctls: {net.ipv6.conf.all.disable_ipv6: 1}}
  c1: {net: lan, impair: {delay: 20ms, direction: in}}
  c2: {net: lan}
links:
  - {ends: [a:eth0, b:eth0], addr: [192.0.2.1/24, 192.0.2.2/24], impair: [{delay: 50ms}, {every: 3, direction: ba}]}
`;
let record: LabRecord;
const tnet = useTnet({
  closing: async () => {
    await tnet.run(['lab', 'down', '--all']);
  },
  closed: () => rmSync(folder, {recursive: true, force: true}),
});

test.before(async () => {
  const path = join(folder, 'w.yaml');
  writeFileSync(path, topology);
  await tnet.ok('lab', 'up', path);
  record = openLabs(tnet.runRoot).get('w');
});

const node = (name: string, address: string): Standpoint => ({netns: namespaceOf(record.pid, name), address});
const a = (): Standpoint => node('a', '192.0.2.1');
const b = (): Standpoint => node('b', '192.0.2.2');
const impair = (...words: readonly string[]): Promise<string> => tnet.ok('lab', 'impair', 'w', ...words);

/** What a probe's own way through a busy machine may take; the second kernel is emulated. */
const slackMs = process.env.TNET_VM ? 150 : 15;
const tries = 20;

/** Round trip of an echo request in ms: the first below `enoughMs`, or the fastest of 20. */
async function roundTrip(from: string, to: string, enoughMs: number): Promise<number> {
  const eyes = openEyes(record, {});
  let fastest = Number.POSITIVE_INFINITY;
  try {
    for (let i = 0; i < tries && fastest > enoughMs; i++) {
      const answer = await eyes.probe(from, {proto: 'icmp', to: parseIp(to), port: 0, timeoutMs: 1000});
      if (answer.kind === 'answered') fastest = Math.min(fastest, answer.afterMs);
    }
  } finally {
    eyes.close();
  }
  return fastest;
}

const lateness = ({numbers}: Received): number => numbers.filter((number, i) => number < (numbers[i - 1] ?? 0)).length;

test.serial('a file impairs each direction of a link and of a node', async t => {
  const all = JSON.parse(await impair('--json')) as readonly {from: string; to: string; impairment: object}[];
  t.deepEqual(all, [
    {from: 'a:eth0', to: 'b:eth0', impairment: {delayMs: 50}},
    {from: 'b:eth0', to: 'a:eth0', impairment: {delayMs: 50, every: 3}},
    {from: 'host:c1', to: 'c1:eth0', impairment: {delayMs: 20}},
  ]);
  const ms = await roundTrip('c2', '10.7.0.2', 20 + slackMs);
  t.true(ms >= 20 && ms <= 20 + slackMs, `${ms} ms`);
});

test.serial('delay: 50 ms each way make a round trip of 100 ms', async t => {
  await impair('a:eth0', '--every', '0');
  const ms = await roundTrip('a', '192.0.2.2', 100 + slackMs);
  t.true(ms >= 100 && ms <= 100 + slackMs, `${ms} ms`);
});

test.serial('one effect after the other adds up; direction says of what', async t => {
  await impair('a:eth0', '--jitter', '20ms', '--direction', 'out');
  await impair('a:eth0', '--loss', '1%', '--direction', 'in');
  t.regex(await impair('b:eth0'), /^a:eth0 +b:eth0 +delay 50ms jitter 20ms\nb:eth0 +a:eth0 +delay 50ms loss 1%$/m);
});

test.serial('jitter spreads the delay, and so mixes the order', async t => {
  const received = await sendNumbered(a(), b(), {count: 200, wanted: 200});
  const [fastest, slowest] = [Math.min(...received.delaysMs), Math.max(...received.delaysMs)];
  t.is(received.numbers.length, 200);
  t.true(fastest >= 29 && fastest < 49 && slowest > 60, `${fastest} to ${slowest} ms`);
  t.true(lateness(received) > 20, 'what waits longer is overtaken');
});

test.serial('reorder: some do not wait', async t => {
  await impair('a:eth0', '--clear', '--delay', '100ms', '--reorder', '25%', '--direction', 'out');
  const received = await sendNumbered(a(), b(), {count: 400, wanted: 400});
  const quick = received.delaysMs.filter(ms => ms < 90).length;
  t.is(received.numbers.length, 400);
  t.true(quick > 60 && quick < 140, `${quick} of 400 did not wait`);
  t.true(lateness(received) > 0);
});

test.serial('clear takes everything away, in the direction that is said', async t => {
  await impair('a:eth0', '--clear');
  t.is(await impair('a:eth0', '--json'), '[]');
  const ms = await roundTrip('a', '192.0.2.2', slackMs);
  t.true(ms <= slackMs, `${ms} ms`);
  t.notRegex(await tnet.ok('lab', 'exec', 'a', 'ip', '-o', 'link'), /imp|netem/);
});

test.serial('loss: 20 % of 500 packets, within five standard deviations', async t => {
  await impair('a:eth0', '--loss', '20%', '--direction', 'out');
  const {numbers} = await sendNumbered(a(), b(), {count: 500});
  t.true(numbers.length > 355 && numbers.length < 445, `${numbers.length} arrived`);
  const back = await sendNumbered(b(), a(), {count: 100, wanted: 100});
  t.is(back.numbers.length, 100, 'the way back is whole');
});

test.serial('every: each third packet is lost, and no other', async t => {
  await impair('a:eth0', '--loss', '0%', '--every', '3');
  await impair('a:eth0', '--clear', '--direction', 'in');
  await roundTrip('a', '192.0.2.2', slackMs);
  // Neither asks the other whether it is still there: a third packet of whatever kind is lost.
  await tnet.ok('lab', 'exec', 'a', 'ip', 'neigh', 'change', '192.0.2.2', 'dev', 'eth0', 'nud', 'permanent');
  await tnet.ok('lab', 'exec', 'b', 'ip', 'neigh', 'change', '192.0.2.1', 'dev', 'eth0', 'nud', 'permanent');
  await impair('a:eth0', '--every', '3', '--direction', 'out');
  const {numbers} = await sendNumbered(a(), b(), {count: 300, wanted: 200});
  t.deepEqual(
    numbers,
    Array.from({length: 300}, (_, i) => i).filter(i => i % 3 !== 2),
  );
});

test.serial('duplicate: 20 % of packets arrive twice', async t => {
  await impair('a:eth0', '--clear', '--duplicate', '20%', '--direction', 'out');
  const {numbers} = await sendNumbered(a(), b(), {count: 500});
  t.true(numbers.length > 555 && numbers.length < 645, `${numbers.length} arrived`);
  t.is(new Set(numbers).size, 500);
});

test.serial('duplicates of what is delayed are delayed too', async t => {
  await impair('a:eth0', '--delay', '30ms', '--duplicate', '100%', '--direction', 'out');
  const {numbers, delaysMs} = await sendNumbered(a(), b(), {count: 50, wanted: 100});
  t.is(numbers.length, 100);
  t.true(Math.min(...delaysMs) >= 29, `${Math.min(...delaysMs)} ms`);
});

test.serial('corrupt: one wrong bit, which checksums find', async t => {
  await impair('a:eth0', '--clear', '--corrupt', '20%', '--direction', 'out');
  const {numbers} = await sendNumbered(a(), b(), {count: 500});
  t.true(numbers.length > 340 && numbers.length < 460, `${numbers.length} arrived whole`);
});

test.serial('rate: 1 mbit is what a transfer gets, and it stays with a delay on top', async t => {
  await impair('a:eth0', '--clear', '--rate', '1mbit', '--direction', 'out');
  await impair('a:eth0', '--delay', '5ms', '--direction', 'out');
  const eyes = openEyes(record, {});
  try {
    const bits = await eyes.bandwidth({from: 'a', to: 'b', address: parseIp('192.0.2.2'), durationMs: 1500});
    t.true(bits !== null && bits > (process.env.TNET_VM ? 0.4e6 : 0.75e6) && bits < 1.1e6, `${bits} bit/s`);
  } finally {
    eyes.close();
  }
});

test.serial('what has no meaning is refused, and changes nothing', async t => {
  const refused = async (...words: readonly string[]): Promise<string> =>
    (await tnet.run(['lab', 'impair', ...words])).stderr;
  t.is(
    await refused('a:eth0', '--clear', '--jitter', '5ms'),
    'tnet: a:eth0: jitter wants a delay around which it varies\n',
  );
  t.is(await refused('a:eth0', '--loss', '101%'), 'tnet: invalid percentage "101%": want 0% to 100%, as 5%\n');
  t.is(await refused('a', '--loss', '1%'), 'tnet: Lab "a" is not up; up are: w\n');
  t.regex(await refused('x:eth0', '--loss', '1%'), /the topology has no link "x:eth0"/);
  t.regex(await refused('a:eth9', '--loss', '1%', '--direction', 'out'), /Cannot find link "eth9"/);
  t.regex(await impair('a:eth0'), /delay 5ms rate 1mbit/);
});

test.serial('what somebody took away is not shown as if it were there', async t => {
  await impair('a:eth0', '--clear', '--every', '7', '--direction', 'out');
  await tnet.ok('lab', 'exec', 'a', 'nft', 'flush', 'ruleset');
  t.is(await impair('a:eth0', '--json'), '[]');
});

test.serial('apply impairs what the file says now, and leaves alone what was set by hand', async t => {
  await impair('a:eth0', '--clear');
  await impair('c2:eth0', '--loss', '1%', '--direction', 'out');
  const path = join(folder, 'v.yaml');
  writeFileSync(path, topology.replace('{delay: 20ms, direction: in}', '{rate: 5mbit, direction: out}'));
  const said = await tnet.ok('lab', 'apply', path);
  t.regex(said, /impair c1:eth0 rate 5mbit\nimpair host:c1 no more\n/);
  t.regex(await impair(), /^c1:eth0 +host:c1 +rate 5mbit\nc2:eth0 +host:c2 +loss 1%$/m);
  t.is(await tnet.ok('lab', 'apply', path), 'w: no changes');
});

test.serial('doctor says who has which effect, and what exercises lack', async t => {
  const report = JSON.parse(await tnet.ok('lab', 'doctor', '--json'));
  t.deepEqual(
    report.effects.map(({problem}: {problem: string | null}) => problem),
    Array(8).fill(null),
  );
  t.is(report.effects.at(-1).backend, 'nft');
  t.is(report.effects[0].backend, report.netem ? 'netem' : 'relay');
  const lines = (await tnet.ok('lab', 'doctor')).split('\n');
  t.true(lines.filter(line => !/ lacks /.test(line)).every(line => line.length <= 80));
});
