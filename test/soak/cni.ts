/**
 * ADD and DEL by the plugins' names, while clients and the daemon are killed, namespaces vanish, the disk is full and /proc/sys is
 * read-only: every failure is in CNI's own words, and at the end nothing is left. `npm run soak:cni [-- STEPS [SEED]]`, as root.
 */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {rmSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {CniFailure, type CniList, type CniTarget, makeCni, makeNetns, removeNetns} from '../fixture/cni.ts';
import {belongings, makeHost, run} from '../fixture/host.ts';
import {makeTnet} from '../fixture/tnet.ts';
import {mulberry} from './random.ts';

const steps = Number(process.argv[2] ?? 500);
const seed = Number(process.argv[3] ?? Date.now() % 100_000);
const random = mulberry(seed);
const below = (count: number): number => Math.floor(random() * count);

makeHost();
/** Routes, rules and addresses of the host; kernel timers and order apart. */
const picture = () => ({
  ...belongings(),
  addresses: run('ip -br addr'),
  routes: run('ip route show table all; ip -6 route show table all | grep -v "proto kernel"; ip rule; ip -6 rule'),
});
const before = picture();
const tnet = makeTnet();
run(`mkdir -p ${tnet.root} && mount -t tmpfs -o size=24m tmpfs ${tnet.root}`);
const cni = makeCni(tnet);

const pool = (subnet: string) => ({type: 'host-local', ranges: [[{subnet}]], routes: [{dst: '0.0.0.0/0'}]});
const chained = [
  {type: 'portmap', capabilities: {portMappings: true}},
  {type: 'firewall'},
  {type: 'tuning', mtu: 1400},
];
const lists: readonly CniList[] = [
  {type: 'bridge', bridge: 'cni-soak', isGateway: true, ipMasq: true, ipam: pool('10.70.0.0/24')},
  {type: 'ptp', ipMasq: true, ipam: pool('10.71.0.0/24')},
].map((first, i) => ({cniVersion: '1.1.0', name: `soak${i}`, plugins: [first, ...chained]}));

interface Pod {
  readonly list: CniList;
  readonly target: CniTarget;
  isThere: boolean;
}
const pods: Pod[] = [];
const count: Record<string, number> = {};
function note(what: string): void {
  count[what] = (count[what] ?? 0) + 1;
}

/** Whether it was done; what fails must say so as CNI wants it. */
async function attempt(what: string, job: () => Promise<unknown>): Promise<boolean> {
  try {
    await job();
    note(`${what} done`);
    return true;
  } catch (error) {
    if (!(error instanceof CniFailure)) throw error;
    assert.ok(Number.isInteger(error.code) && error.code > 0 && error.message.length > 0, `${what}: ${error.message}`);
    note(`${what} refused`);
    return false;
  }
}

function newPod(): Pod {
  const number = count.pods ?? 0;
  note('pods');
  const ports = {portMappings: [{hostPort: 20_000 + number, containerPort: 80, protocol: 'tcp'}]};
  const target = {id: `pod${number}`, netns: makeNetns(`pod${number}`), capabilities: ports};
  return {list: lists[below(lists.length)]!, target, isThere: true};
}

async function add(): Promise<void> {
  const pod = newPod();
  if (await attempt('ADD', () => cni.add(pod.list, pod.target))) pods.push(pod);
  else await leave(pod);
}

/** As a runtime gives up: DEL until it is done. */
async function leave(pod: Pod): Promise<void> {
  const target = pod.isThere ? pod.target : {...pod.target, netns: random() < 0.5 ? '' : pod.target.netns};
  for (let tries = 0; !(await attempt('DEL', () => cni.del(pod.list, target))); tries++)
    assert.ok(tries < 5, `DEL of ${pod.target.id} does not come to an end`);
  if (pod.isThere) removeNetns(pod.target.netns);
  pods.splice(0, pods.length, ...pods.filter(each => each !== pod));
}

const one = (): Pod | undefined => pods[below(pods.length)];

async function del(): Promise<void> {
  const pod = one();
  if (pod !== undefined) await leave(pod);
}

async function vanish(): Promise<void> {
  const pod = one();
  if (pod === undefined || !pod.isThere) return;
  removeNetns(pod.target.netns);
  pod.isThere = false;
  note('namespaces vanished');
}

/** The main plugin alone: it may have come to any point. Then the runtime repeats it, gives up, or collects. */
async function killClient(): Promise<void> {
  const pod = newPod();
  const {name, cniVersion, plugins} = pod.list;
  const {id, netns} = pod.target;
  const cniEnv = {CNI_COMMAND: 'ADD', CNI_CONTAINERID: id, CNI_NETNS: netns, CNI_IFNAME: 'eth0', CNI_PATH: cni.bin};
  const env = {TNET_ROOT: tnet.root, TNET_RUN_ROOT: tnet.runRoot, PATH: process.env.PATH ?? '', ...cniEnv};
  const child = spawn(`${cni.bin}/${plugins[0]!.type}`, {env, stdio: ['pipe', 'ignore', 'ignore']});
  const ended = once(child, 'exit');
  child.stdin.on('error', () => {}).end(JSON.stringify({cniVersion, name, ...plugins[0]}));
  await sleep(below(30));
  child.kill('SIGKILL');
  await ended;
  note('clients killed');
  if (random() < 0.3) return collect(pod);
  await leave({...pod, isThere: true});
}

async function collect(gone: Pod): Promise<void> {
  for (const list of lists) {
    const valid = pods.filter(pod => pod.list === list).map(({target}) => ({containerID: target.id, ifname: 'eth0'}));
    await attempt('GC', () =>
      cni.ask('GC', {...list, plugins: list.plugins.slice(0, 1)}, {'cni.dev/valid-attachments': valid}),
    );
  }
  await leave(gone);
}

/** In the middle of what comes next. */
async function killDaemon(): Promise<void> {
  const next = random() < 0.5 ? add() : del();
  await sleep(below(25));
  try {
    process.kill(tnet.daemonPid(), 'SIGKILL');
    note('daemons killed');
  } catch {
    // None runs right now.
  }
  await next;
}

async function fillDisk(): Promise<void> {
  await tnet.run(['network', 'ls']);
  run(
    `dd if=/dev/zero of=${tnet.root}/ballast bs=64k 2>/dev/null; dd if=/dev/zero of=${tnet.root}/ballast2 bs=1 count=4096 2>/dev/null; true`,
  );
  note('disks full');
  let refused: Pod | undefined;
  // The journal has some room of its own.
  for (let more = 8, isDone = true; isDone && more > 0; more--) {
    const pod = newPod();
    isDone = await attempt('ADD on a full disk', () => cni.add(pod.list, pod.target));
    if (isDone) pods.push(pod);
    else refused = pod;
  }
  run(`rm -f ${tnet.root}/ballast ${tnet.root}/ballast2`);
  if (refused !== undefined) await leave(refused);
}

async function freezeSysctls(): Promise<void> {
  run('mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys');
  note('/proc/sys read-only');
  const pod = newPod();
  const done = await attempt('ADD with /proc/sys read-only', () => cni.add(pod.list, pod.target));
  run('umount /proc/sys');
  if (done) pods.push(pod);
  else await leave(pod);
}

const rare: readonly (() => Promise<void>)[] = [fillDisk, freezeSysctls];
const usual: readonly (() => Promise<void>)[] = [add, add, add, del, del, vanish, killClient, killClient, killDaemon];

const start = Date.now();
try {
  await tnet.ok('network', 'ls');
  for (let step = 0; step < steps; step++) {
    const jobs = random() < 0.04 || pods.length > 60 ? (pods.length > 60 ? [del] : rare) : usual;
    await jobs[below(jobs.length)]!();
  }
  while (pods.length > 0) await leave(pods[0]!);
  for (const list of lists)
    await cni.ask('GC', {...list, plugins: list.plugins.slice(0, 1)}, {'cni.dev/valid-attachments': []});
  assert.equal(
    run('nft list table inet tnet | grep -c "10\\.7[01]\\." || true').trim(),
    '0',
    'elements of the firewall',
  );
  assert.equal((await tnet.ok('network', 'ls')).includes('cni:'), false, 'networks');
} catch (error) {
  console.error(`seed ${seed}, after ${JSON.stringify(count)}`);
  throw error;
} finally {
  run(`rm -f ${tnet.root}/ballast ${tnet.root}/ballast2`);
  await tnet.run(['daemon', 'stop']);
  run(`umount -l ${tnet.root}`);
  rmSync(cni.bin, {recursive: true, force: true});
}
assert.deepEqual(picture(), before);
console.log(`seed ${seed}: ${steps} steps in ${((Date.now() - start) / 1000).toFixed(0)} s, nothing left`);
for (const [what, times] of Object.entries(count).sort()) console.log(`${String(times).padStart(6)} ${what}`);
