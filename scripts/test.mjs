// `npm test`: builds what is out of date, runs every test, ends with the line `N passed, N failed, N skipped`.
// Arguments are test files or globs below dist/test. Without root only the pure tests run, and it says so.
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
if (!existsSync('node_modules/.bin/ava'))
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {stdio: 'inherit'});
execFileSync(process.execPath, ['scripts/build.mjs'], {stdio: 'inherit'});

const isRoot = process.getuid?.() === 0;
provideWitnesses();
const asked = process.argv.slice(2);
const everything = isRoot ? [] : ['dist/test/**/*.test.js', '!dist/test/**/*.kernel.test.js'];
const ava = spawn(join('node_modules', '.bin', 'ava'), ['--tap', ...(asked.length > 0 ? asked : everything)], {
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true, // a process group of its own, so that all of it can be ended
});
const ended = new Promise(resolve => ava.once('exit', (code, signal) => resolve(code ?? signal)));
const count = {passed: 0, failed: 0, skipped: 0};
const tty = process.stdout.isTTY;
let failing = false;

const silence = watchSilence();
if (!tty) setInterval(() => console.log(`${count.passed} passed so far`), 60_000);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => ava.kill('SIGINT'));
const lines = createInterface({input: ava.stdout}).on('line', line => {
  silence.refresh();
  report(line);
});
const drained = new Promise(resolve => lines.once('close', resolve));
const status = await ended;
// Not "until the pipe closes": a process that a test left behind would hold it for ever.
await Promise.race([drained, new Promise(resolve => setTimeout(resolve, 2000))]);
if (tty) process.stdout.write('\r\x1b[K');
if (!isRoot) console.log('not root: the kernel tests (*.kernel.test.ts) were left out; run npm test as root for all');
if (status !== 0 && count.failed === 0) {
  count.failed = 1;
  console.log(`FAIL AVA ended with ${status} and named no test; what still runs:`);
  showProcesses();
}
endGroup();
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exit(status === 0 ? 0 : 1);

/**
 * AVA's own timeout is suspended for as long as any test asked for with t.timeout(), and waits for workers that do not
 * die. So nothing heard for five minutes: what runs is shown, AVA is asked to name the pending tests, then all is ended.
 */
function watchSilence() {
  return setTimeout(() => {
    console.log('no test ended for 300 s; what runs now:');
    showProcesses();
    ava.kill('SIGINT');
    setTimeout(endGroup, 20_000);
  }, 300_000);
}

function showProcesses() {
  spawnSync('ps', ['-e', '-H', '-o', 'pid,etimes,stat,wchan:20,args', '--cols', '160'], {stdio: 'inherit'});
}

/** Workers too: AVA 7's TAP reporter throws when a time limit ends a test (its error has no originalError), and they stay. */
function endGroup() {
  try {
    process.kill(-ava.pid, 'SIGKILL');
  } catch {
    // nobody is left of it
  }
}

/** TAP in, news out: failures whole, skips with their reason (in the title), the rest as a counter. */
function report(line) {
  const test = /^(not )?ok \d+ - (.*?)( # SKIP| # TODO)?$/.exec(line);
  if (!test) {
    if (failing && line !== '' && !line.startsWith('#') && !line.startsWith('1..')) console.log(line);
    return;
  }
  const [, not, title, skip] = test;
  failing = Boolean(not) && !skip;
  count[skip ? 'skipped' : not ? 'failed' : 'passed']++;
  if (failing) console.log(`${tty ? '\r\x1b[K' : ''}FAIL ${title}`);
  else if (skip) console.log(`${tty ? '\r\x1b[K' : ''}skip ${title}`);
  else if (tty) process.stdout.write(`\r\x1b[K${count.passed} passed  ${title.slice(0, 60)}`);
}

/** What the kernel tests look through: not needed by tnet itself. As root on Debian a missing one is installed. */
function provideWitnesses() {
  const packages = {
    nft: 'nftables',
    ip: 'iproute2',
    curl: 'curl',
    nsenter: 'util-linux',
    perl: 'perl-base',
    conntrack: 'conntrack',
    iptables: 'iptables',
    tcpdump: 'tcpdump',
  };
  const path = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const missing = Object.keys(packages).filter(tool => !path.some(folder => existsSync(join(folder, tool))));
  if (!isRoot || missing.length === 0) return;
  const wanted = missing.map(tool => packages[tool]);
  console.log(`this machine lacks ${missing.join(', ')} for the kernel tests: apt-get install ${wanted.join(' ')}`);
  try {
    const quiet = {stdio: ['ignore', 'ignore', 'inherit'], env: {...process.env, DEBIAN_FRONTEND: 'noninteractive'}};
    execFileSync('apt-get', ['update', '-qq'], quiet);
    execFileSync('apt-get', ['install', '-y', '-qq', ...wanted], quiet);
  } catch {
    console.log('could not install them; tests that need them will fail');
  }
}
