// `npm test`: builds what is out of date, runs every test, ends with the line `N passed, N failed, N skipped`.
// Arguments are test files or globs below dist/test. Without root only the pure tests run, and it says so.
import {execFileSync, spawn} from 'node:child_process';
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
});
const count = {passed: 0, failed: 0, skipped: 0};
const tty = process.stdout.isTTY;
let failing = false;

for await (const line of createInterface({input: ava.stdout})) report(line);
const status = await new Promise(resolve =>
  ava.exitCode === null ? ava.once('close', resolve) : resolve(ava.exitCode),
);
if (tty) process.stdout.write('\r\x1b[K');
if (!isRoot) console.log('not root: the kernel tests (*.kernel.test.ts) were left out; run npm test as root for all');
if (status !== 0 && count.failed === 0) count.failed = 1;
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = status === 0 ? 0 : 1;

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
