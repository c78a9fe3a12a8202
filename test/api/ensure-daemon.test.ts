import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import anyTest, {type TestFn} from 'ava';
import {createClient} from '../../src/api/client.ts';
import {ensureDaemon} from '../../src/api/ensure-daemon.ts';
import {logPath, pidPath, type Roots, socketPath} from '../../src/api/roots.ts';
import {commandLinesWith} from '../fixture/processes.ts';

const test = anyTest as TestFn<Roots>;
const timeoutMs = 10_000;
const daemon = fileURLToPath(new URL('../daemon/fake-daemon.js', import.meta.url));

test.beforeEach(t => {
  const folder = mkdtempSync(join(tmpdir(), 'tnet-ensure-'));
  t.context = {root: join(folder, 'root'), runRoot: join(folder, 'run')};
});

/** One that was started last may be so late that it finds the lock free, and serves: asked until none is there. */
test.afterEach.always(async t => {
  const folder = join(t.context.root, '..');
  for (const deadline = Date.now() + 30_000; commandLinesWith(folder).length > 0; await sleep(10)) {
    if (Date.now() > deadline) return t.fail(`still there: ${commandLinesWith(folder)}`);
    await createClient(socketPath(t.context))
      .call('POST', '/tnet/shutdown')
      .catch(() => {});
  }
  t.false(existsSync(pidPath(t.context)));
  rmSync(folder, {recursive: true, force: true});
});

const starts = ({root}: Roots): number => readFileSync(join(root, 'starts'), 'utf8').trim().split('\n').length;

test('ensureDaemon() starts a daemon that outlives it, with its log for root alone', async t => {
  const roots = t.context;
  let said = 0;
  await ensureDaemon({roots, daemon, onStart: () => said++, timeoutMs});
  t.is(said, 1);
  t.is(await createClient(socketPath(roots)).call('GET', '/containers/json').then(String), '');
  t.is(statSync(logPath(roots)).mode & 0o777, 0o600);
  t.regex(readFileSync(logPath(roots), 'utf8'), /^\S+ info listening on "\S+\/tnet.sock", pid \d+\n$/);
  const pid = readFileSync(pidPath(roots), 'utf8').trim();
  t.is(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[5], pid, 'leader of its own session');
  await ensureDaemon({roots, daemon, onStart: () => said++, timeoutMs});
  t.is(said, 1, 'one answers already');
});

test('ensureDaemon() called by many at once ends with one daemon', async t => {
  const roots = t.context;
  await Promise.all(Array.from({length: 6}, () => ensureDaemon({roots, daemon, timeoutMs})));
  t.is(starts(roots), 1);
  t.like(await createClient(socketPath(roots)).call('GET', '/version'), {ApiVersion: '1.48'});
});

test('ensureDaemon() tells the last words of a daemon that dies', async t => {
  mkdirSync(t.context.root, {recursive: true});
  writeFileSync(join(t.context.root, 'failure'), 'Cannot open store "x": disk I/O error');
  await t.throwsAsync(ensureDaemon({roots: t.context, daemon, timeoutMs}), {
    message: 'Cannot start the daemon: Cannot open store "x": disk I/O error',
    code: 'ERR_DAEMON',
  });
  t.false(existsSync(pidPath(t.context)), 'it cleaned up after itself');
  const missing = ensureDaemon({roots: t.context, daemon: '/nosuch/daemon.cjs', timeoutMs});
  await t.throwsAsync(missing, {message: /Cannot find module '\/nosuch\/daemon.cjs'/});
});

test('ensureDaemon() replaces the stale socket and pid file of a dead daemon', async t => {
  const roots = t.context;
  await ensureDaemon({roots, daemon, timeoutMs});
  process.kill(Number(readFileSync(pidPath(roots), 'utf8')), 'SIGKILL');
  t.true(existsSync(socketPath(roots)));
  while (
    await createClient(socketPath(roots))
      .call('GET', '/version')
      .then(
        () => true,
        () => false,
      )
  );
  await ensureDaemon({roots, daemon, timeoutMs});
  t.is(starts(roots), 2);
});

test('ensureDaemon() gives up on a lock holder that does not serve', async t => {
  const roots = t.context;
  await ensureDaemon({roots, daemon, timeoutMs});
  const pid = Number(readFileSync(pidPath(roots), 'utf8'));
  rmSync(socketPath(roots));
  await t.throwsAsync(ensureDaemon({roots, daemon, timeoutMs: 400}), {
    message: /nothing answers on ".*" after 0.4 s \(TNET_START_TIMEOUT\)/,
  });
  process.kill(pid, 'SIGTERM');
});

test('ensureDaemon() is content with whoever answers', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'tnet-e-'));
  const server = createServer().listen(join(folder, 'tnet.sock'));
  t.teardown(() => {
    server.close();
    rmSync(folder, {recursive: true, force: true});
  });
  await ensureDaemon({roots: {root: folder, runRoot: folder}, daemon: '/nosuch', timeoutMs});
  t.pass();
});

test('a daemon stops on SIGTERM: socket and pid file are gone, its exit code is 0', async t => {
  const roots = t.context;
  await ensureDaemon({roots, daemon, timeoutMs});
  process.kill(Number(readFileSync(pidPath(roots), 'utf8')), 'SIGTERM');
  while (existsSync(pidPath(roots))) await sleep(5);
  t.false(existsSync(socketPath(roots)));
  t.regex(readFileSync(logPath(roots), 'utf8'), /info stopping: SIGTERM\n\S+ info stopped\n$/);
});
