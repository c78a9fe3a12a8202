import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import type {TnetError} from '../../../src/errors.ts';
import {launch} from '../../../src/runtime/launch/launch.ts';
import {planLaunch} from '../../../src/runtime/launch/plan-launch.ts';
import type {RunSpec} from '../../../src/runtime/launch/run-spec.ts';
import {connectShim, type ShimConnection} from '../../../src/runtime/launch/shim-client.ts';
import {
  base,
  type Change,
  eventually,
  isAlive,
  kernelTest,
  makeSpec,
  processesOf,
  run,
  start,
} from './container-under-test.ts';

const go = {beforeGo: async () => {}};

/** No process, socket or exit record; the log and the directories are the caller's. */
async function assertNothingLeft(t: ExecutionContext, {socketPath, stateDir}: RunSpec): Promise<void> {
  t.true(await eventually(() => processesOf(dirname(socketPath)).length === 0));
  t.false(existsSync(socketPath));
  t.deepEqual(readdirSync(stateDir), ['container.log']);
}

for (const [shell, exitCode] of [
  ['exit 0', 0],
  ['exit 42', 42],
  ['kill -KILL $$; sleep 1', 0], // pid 1 is deaf to its own namespace
  ['sh -c "kill -KILL \\$\\$"', 137],
] as const) {
  kernelTest(`the exit code of \`${shell}\` is ${exitCode}`, async t => {
    const spec = makeSpec({shell});
    const {exit} = await run(spec);
    t.is(exit?.exitCode, exitCode);
    t.regex(exit?.finishedAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    t.deepEqual(JSON.parse(readFileSync(join(spec.stateDir, 'exit.json'), 'utf8')), exit);
    t.deepEqual(readdirSync(spec.stateDir).sort(), ['container.log', 'exit.json']);
    t.false(existsSync(spec.socketPath));
  });
}

kernelTest('a container killed by a signal exits with 128 + its number', async t => {
  const {shim} = await start(makeSpec({args: ['sleep', '60']}));
  shim.signal(9);
  t.is((await shim.exited)?.exitCode, 137);
});

kernelTest('signal() reaches the handler of pid 1', async t => {
  const {shim, output} = await start(makeSpec({shell: 'trap "exit 7" TERM; echo ready; while :; do sleep 0.01; done'}));
  t.true(await eventually(() => output.stdout === 'ready\n'));
  shim.signal(15);
  t.is((await shim.exited)?.exitCode, 7);
});

const wrongCommands: ReadonlyArray<readonly [title: string, change: Change, code: string, message: string]> = [
  [
    'a name that is not in PATH',
    {args: ['nosuch']},
    'ERR_COMMAND_NOT_FOUND',
    'exec: "nosuch": executable file not found in $PATH',
  ],
  [
    'a path that is not there',
    {args: ['/no/such']},
    'ERR_COMMAND_NOT_FOUND',
    'exec: "/no/such": no such file or directory',
  ],
  ['no name', {args: ['']}, 'ERR_COMMAND_NOT_FOUND', 'exec: "": executable file not found in $PATH'],
  [
    'a file that is not executable',
    {args: ['/etc/passwd']},
    'ERR_COMMAND_NOT_EXECUTABLE',
    'exec: "/etc/passwd": permission denied',
  ],
  ['a directory', {args: ['/etc']}, 'ERR_COMMAND_NOT_EXECUTABLE', 'exec: "/etc": is a directory'],
  [
    'the PATH of the container',
    {args: ['ls'], env: ['PATH=/etc']},
    'ERR_COMMAND_NOT_FOUND',
    'exec: "ls": executable file not found in $PATH',
  ],
];
for (const [title, change, code, message] of wrongCommands) {
  kernelTest(`launch() refuses ${title}`, async t => {
    const spec = makeSpec(change);
    const error = await t.throwsAsync<TnetError>(launch(planLaunch(spec), go));
    t.like(error, {code, message});
    await assertNothingLeft(t, spec);
  });
}

kernelTest('launch() refuses a file that is no program', async t => {
  const spec = makeSpec({args: ['/garbage']});
  writeFileSync(join(spec.rootfs.upper, 'garbage'), 'garbage', {mode: 0o755});
  const error = await t.throwsAsync<TnetError>(launch(planLaunch(spec), go));
  t.like(error, {code: 'ERR_COMMAND_NOT_EXECUTABLE', message: 'exec: "/garbage": exec format error'});
});

kernelTest('without PATH the usual places are searched', async t => {
  t.is((await run(makeSpec({args: ['ls', '/proc/self'], env: []}))).exit?.exitCode, 0);
});

kernelTest('a failed step names what was planned, and leaves nothing', async t => {
  const spec = makeSpec({binds: [{source: '/no/such/source', target: '/mnt', readonly: false}]});
  const error = await t.throwsAsync<TnetError>(launch(planLaunch(spec), go));
  t.is(error?.code, 'ERR_LAUNCH');
  t.is(
    error?.message,
    'error mounting "/no/such/source" to rootfs at "/mnt": open "/no/such/source": no such file or directory',
  );
  await assertNothingLeft(t, spec);
});

kernelTest('an unknown step is refused before the first one runs', async t => {
  const spec = makeSpec();
  const ops = planLaunch(spec).map(op => (op[0] === 'umask' ? (['frobnicate'] as const) : op));
  const error = await t.throwsAsync<TnetError>(launch(ops, go));
  t.is(error?.message, 'error at step "frobnicate": program "unknown op "frobnicate"": invalid argument');
  t.deepEqual(readdirSync(spec.stateDir), []);
});

for (const [title, wrong] of [
  ['too few arguments', ['mount', 'proc', '/proc']],
  ['too many arguments', ['pivot', 'x']],
  ["a shim's step in the container's place", ['log', '/tmp/x']],
] as const) {
  kernelTest(`a step with ${title} is refused before the first one runs`, async t => {
    const spec = makeSpec();
    const ops = planLaunch(spec).map(op => (op[0] === 'umask' ? wrong : op));
    const error = await t.throwsAsync<TnetError>(launch(ops, go));
    t.regex(error?.message ?? '', /invalid argument$/);
    t.deepEqual(readdirSync(spec.stateDir), []);
  });
}

kernelTest('a taken socket is an error, and stays', async t => {
  const spec = makeSpec();
  writeFileSync(spec.socketPath, '');
  const error = await t.throwsAsync<TnetError>(launch(planLaunch(spec), go));
  t.regex(error?.message ?? '', /address already in use$/);
  t.true(existsSync(spec.socketPath));
});

kernelTest('beforeGo sees the process waiting, and its error leaves nothing', async t => {
  const spec = makeSpec({shell: 'touch /ran'});
  let shim: ShimConnection | undefined;
  const beforeGo = async (pid: number): Promise<void> => {
    shim = await connectShim(spec.socketPath);
    t.true(isAlive(pid));
    await sleep(50);
    throw new RangeError('no');
  };
  await t.throwsAsync(launch(planLaunch(spec), {beforeGo}), {instanceOf: RangeError, message: 'no'});
  t.is(await shim?.exited, null);
  await assertNothingLeft(t, spec);
  t.deepEqual(readdirSync(spec.rootfs.upper), []);
});

kernelTest('a container dies with its shim', async t => {
  const {pid, shimPid, shim} = await start(makeSpec({shell: 'sleep 60 & sleep 60'}));
  process.kill(shimPid, 'SIGKILL');
  t.is(await shim.exited, null);
  t.true(await eventually(() => !isAlive(pid)));
});

kernelTest('a shim heeds no signal but SIGKILL, and has no terminal, directory or files of its maker', async t => {
  const {shimPid, shim} = await start(makeSpec({args: ['sleep', '60']}));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.kill(shimPid, signal);
  await sleep(20);
  t.true(isAlive(shimPid));
  const stat = readFileSync(`/proc/${shimPid}/stat`, 'utf8').split(' ');
  t.is(stat[5], String(shimPid)); // session
  t.is(readFileSync(`/proc/${shimPid}/environ`, 'utf8'), '');
  shim.signal(9);
  await shim.exited;
});

/** A process of its own that launches `spec` and then does `then`; prints the pid of the container. */
function launchElsewhere(spec: RunSpec, then: 'exits' | 'hangs before the gate'): ChildProcess {
  const modules = new URL('../../../src/runtime/launch/', import.meta.url);
  const wait = then === 'exits' ? '' : 'await new Promise(resolve => setTimeout(resolve, 60_000));';
  const script = `
    import {launch} from '${modules}launch.js';
    import {planLaunch} from '${modules}plan-launch.js';
    await launch(planLaunch(${JSON.stringify(spec)}), {beforeGo: async pid => { console.log(pid); ${wait} }});`;
  return spawn('node', ['--input-type=module', '-e', script], {stdio: ['ignore', 'pipe', 'inherit']});
}

kernelTest('a container outlives the process that launched it', async t => {
  const spec = makeSpec({args: ['sleep', '60']});
  const [code] = await once(launchElsewhere(spec, 'exits'), 'exit');
  t.is(code, 0);
  const shim = await connectShim(spec.socketPath);
  shim.signal(9);
  t.is((await shim.exited)?.exitCode, 137);
});

kernelTest('a launcher killed before the gate opens leaves nothing', async t => {
  const spec = makeSpec({shell: 'touch /ran'});
  const launcher = launchElsewhere(spec, 'hangs before the gate');
  const [pid] = (await once(launcher.stdout!, 'data')) as [Buffer];
  t.true(isAlive(Number(pid)));
  launcher.kill('SIGKILL');
  await once(launcher, 'exit');
  await assertNothingLeft(t, spec);
  t.false(isAlive(Number(pid)));
  t.deepEqual(readdirSync(spec.rootfs.upper), []);
});

kernelTest('a container starts again on the same directories', async t => {
  const spec = makeSpec({shell: 'echo x >> /count; wc -l < /count'});
  t.is((await run(spec)).stdout, '1\n');
  t.is((await run(spec)).stdout, '2\n');
});

/** On a file system of their own: overlayfs refuses layers that lie in one another. */
kernelTest('layers may have any name, and the topmost wins', async t => {
  const layers = mkdtempSync(join(base, 'layers-'));
  execFileSync('mount', ['-t', 'tmpfs', 'layers', layers]);
  t.teardown(() => execFileSync('umount', [layers]));
  const [top, below] = ['a:b,c\\d e', 'below'].map(name => join(layers, name)) as [string, string];
  for (const layer of [top, below]) {
    mkdirSync(layer);
    writeFileSync(join(layer, 'which'), `${basename(layer)}\n`);
  }
  writeFileSync(join(below, 'only'), 'only below\n');
  const spec = makeSpec({shell: 'cat /which /only'});
  const {stdout} = await run({...spec, rootfs: {...spec.rootfs, lower: [top, below, '/']}});
  t.is(stdout, 'a:b,c\\d e\nonly below\n');
});

kernelTest('the upper layer may have any name', async t => {
  const spec = makeSpec({shell: 'echo x > /made'});
  const dir = join(dirname(spec.socketPath), 'a:b,c\\d e');
  for (const name of ['upper', 'work']) mkdirSync(join(dir, name), {recursive: true});
  const {exit} = await run({...spec, rootfs: {...spec.rootfs, upper: join(dir, 'upper'), work: join(dir, 'work')}});
  t.is(exit?.exitCode, 0);
  t.deepEqual(
    readdirSync(join(dir, 'upper')).filter(name => name === 'made'),
    ['made'],
  );
});
