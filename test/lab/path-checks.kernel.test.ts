import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import * as v from 'valibot';
import {type Check, checkSchema} from '../../src/lab/check/check.ts';
import type {Verdict} from '../../src/lab/check/check-type.ts';
import {runCheck} from '../../src/lab/check/run-check.ts';
import {type OpenEyes, openEyes} from '../../src/lab/eyes/open-eyes.ts';
import {keepPicture, wantedPicture} from '../../src/lab/eyes/starting-picture.ts';
import {type LabRecord, openLabs} from '../../src/lab/labs.ts';
import {useTnet} from '../fixture/use-tnet.ts';

/** Checks that measure a path, and the one that compares with the start, in a lab with a narrow and slow link behind a router. */
const folder = mkdtempSync(join(tmpdir(), 'tnet-path-'));
const topology = `name: p
nodes:
  a: {routes: [{to: default, via: 10.1.0.2}]}
  r: {router: true}
  d: {routes: [{to: default, via: 10.2.0.1}]}
links:
  - {ends: [a:eth0, r:in], addr: [10.1.0.1/24, 10.1.0.2/24]}
  - {ends: [r:out, d:eth0], addr: [10.2.0.1/24, 10.2.0.2/24], mtu: 1300, impair: {delay: 20ms}}
`;
let record: LabRecord;
let eyes: OpenEyes;
const tnet = useTnet({
  closing: async () => {
    eyes?.close();
    await tnet.run(['lab', 'down', '--all']);
  },
  closed: () => rmSync(folder, {recursive: true, force: true}),
});

test.before(async () => {
  writeFileSync(join(folder, 'p.yaml'), topology);
  await tnet.ok('lab', 'up', join(folder, 'p.yaml'));
  record = openLabs(tnet.runRoot).get('p');
  eyes = openEyes(record, {});
});

const clock = {now: () => performance.now(), sleep: () => Promise.resolve()};
const check = (wish: object): Promise<Verdict> =>
  runCheck(v.parse(checkSchema, {within: '0s', ...wish}) as Check, {eyes, clock});
const on = (...words: readonly string[]): Promise<string> => tnet.ok('lab', 'exec', ...words);

test.serial('rtt is that of the fastest answer', async t => {
  const path = {type: 'rtt', from: 'a', to: '10.2.0.2'};
  t.like(await check({...path, min: '40ms', max: process.env.TNET_VM ? '200ms' : '60ms', probes: 20}), {ok: true});
  t.like(await check({...path, max: '30ms', probes: 2}), {ok: false, observed: 'more'});
  t.like(await check({...path, to: '10.2.0.9', max: '30ms', probes: 1}), {ok: false});
});

test.serial('pmtu finds the largest packet that passes, whatever the sender believes', async t => {
  const path = {type: 'pmtu', from: 'a', to: '10.2.0.2'};
  t.like(await check({...path, mtu: 1300}), {ok: true});
  t.like(await check({...path, mtu: 1400}), {ok: false, observed: 'less', got: 'of 1300 bytes'});
  t.like(await check({...path, min: 1000, max: 1299}), {ok: false, observed: 'more'});
  await on('r', 'ip', 'link', 'set', 'out', 'mtu', '1400');
  await on('d', 'ip', 'link', 'set', 'eth0', 'mtu', '1400');
  t.like(await check({...path, mtu: 1400}), {ok: true});
  t.like(await check({...path, to: '10.2.0.9', mtu: 1400}), {ok: false, observed: 'silence'});
});

test.serial('unchanged compares with what there was at the start', async t => {
  const wish = {type: 'unchanged', node: 'r', what: ['links', 'addresses', 'routes', 'nft']};
  t.regex((await check(wish)).got, /nobody looked/);
  keepPicture(record, wantedPicture({tasks: [], guards: [{id: 'u', ...v.parse(checkSchema, wish)}]} as never), eyes);
  t.like(await check(wish), {ok: true});
  await on('r', 'ip', 'route', 'add', '10.9.0.0/16', 'via', '10.2.0.2');
  t.like(await check(wish), {
    ok: false,
    observed: 'changed',
    got: 'new: route 10.9.0.0/16 via 10.2.0.2 unicast table 254 metric null',
  });
  await on('r', 'ip', 'route', 'del', '10.9.0.0/16');
  await on('r', 'nft', 'add table ip x; add chain ip x c; add rule ip x c tcp dport 80 drop');
  t.regex((await check(wish)).got, /^new: ip x c: tcp dport 80 drop$/);
});
