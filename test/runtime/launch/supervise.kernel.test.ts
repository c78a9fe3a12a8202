import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, readFileSync, statSync} from 'node:fs';
import {connect} from 'node:net';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {connectShim} from '../../../src/runtime/launch/shim-client.ts';
import {base, eventually, isAlive, kernelTest, makeSpec, readLog, run, start} from './container-under-test.ts';

const logOf = (spec: Parameters<typeof readLog>[0], stream = 'stdout') =>
  readLog(spec)
    .filter(record => record.stream === stream)
    .map(record => record.log);

kernelTest('the log has a record for each line, with its stream and time', async t => {
  const before = new Date().toISOString();
  const spec = makeSpec({shell: 'echo one; echo two; sleep 0.02; echo oops >&2; printf "no newline"'});
  await run(spec);
  const log = readLog(spec);
  t.deepEqual(log.map(({log, stream}) => [stream, log]).sort(), [
    ['stderr', 'oops\n'],
    ['stdout', 'no newline'],
    ['stdout', 'one\n'],
    ['stdout', 'two\n'],
  ]);
  for (const {time} of log) {
    t.regex(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    t.true(time >= before.slice(0, -1) && time.slice(0, 23) <= new Date().toISOString().slice(0, 23));
  }
  t.is(statSync(join(spec.stateDir, 'container.log')).mode & 0o777, 0o640);
});

/** As Docker: one U+FFFD a byte. */
kernelTest('the log escapes what JSON needs escaped, and replaces what is not UTF-8', async t => {
  const bytes =
    String.raw`tab\t quote\" back\\slash \001 \033[1m bell\007 del\177 ü € 😀\n` +
    String.raw`\377\376 \303( \355\240\200 \300\200 \364\220\200\200 \360\237\230|\n`;
  const spec = makeSpec({args: ['printf', bytes]});
  await run(spec);
  const bad = '\uFFFD';
  t.deepEqual(logOf(spec), [
    'tab\t quote" back\\slash \u0001 \u001b[1m bell\u0007 del\u007f ü € 😀\n',
    `${bad}${bad} ${bad}( ${bad.repeat(3)} ${bad.repeat(2)} ${bad.repeat(4)} ${bad.repeat(3)}|\n`,
  ]);
});

kernelTest('a long line is logged in pieces of 16 KiB that cut no character', async t => {
  const spec = makeSpec({
    args: [
      'perl',
      '-e',
      'print "a" x 16384, "b" x 5, "\\n", "x", "\\xe2\\x82\\xac" x 10000, "\\n"; print "c" x 16384, "\\n"',
    ],
  });
  await run(spec);
  const log = logOf(spec);
  t.deepEqual(log.slice(0, 2), ['a'.repeat(16384), 'bbbbb\n']);
  t.is(log.slice(2, 4).join(''), `x${'€'.repeat(10000)}\n`);
  t.is(Buffer.byteLength(log[2] ?? ''), 16384);
  t.deepEqual(log.slice(4), ['c'.repeat(16384), '\n']);
});

kernelTest('output of any size arrives whole, in the log and at a subscriber', async t => {
  const spec = makeSpec({shell: 'seq 200000; seq 100000 >&2'});
  const {stdout, stderr} = await run(spec);
  const numbers = (last: number) => Array.from({length: last}, (_, i) => `${i + 1}\n`);
  t.true(stdout === numbers(200_000).join(''));
  t.true(stderr === numbers(100_000).join(''));
  t.true(logOf(spec).join('') === stdout);
  t.true(logOf(spec, 'stderr').join('') === stderr);
});

kernelTest('a full disk costs the log its records, and the container nothing', async t => {
  const disk = mkdtempSync(join(base, 'disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'small', disk]);
  t.teardown(() => execFileSync('umount', [disk]));
  mkdirSync(join(disk, 'state'));
  const spec = makeSpec({shell: 'seq 100000; exit 3', stateDir: join(disk, 'state')});
  const {exit, stdout} = await run(spec);
  t.is(exit?.exitCode, 3);
  t.is(stdout.trim().split('\n').length, 100_000);
  const log = readLog(spec); // every record whole
  t.is(log[0]?.log, '1\n');
  t.true(log.length > 100 && log.length < 10_000);
  t.is((JSON.parse(readFileSync(join(disk, 'state/exit.json'), 'utf8')) as {exitCode: number}).exitCode, 3);
});

kernelTest('what is written to stdin comes out, and its end ends it', async t => {
  const spec = makeSpec({args: ['cat'], openStdin: true});
  const {shim, output} = await start(spec);
  shim.writeStdin(Buffer.from('hello\n'));
  t.true(await eventually(() => output.stdout === 'hello\n'));
  shim.writeStdin(Buffer.alloc(0));
  shim.endStdin();
  t.is((await shim.exited)?.exitCode, 0);
});

kernelTest('stdin of any size arrives whole', async t => {
  const {shim, output} = await start(makeSpec({shell: 'sleep 0.1; cksum', openStdin: true}));
  const data = Buffer.alloc(3_000_000, 'some input\n');
  shim.writeStdin(data.subarray(0, 2_000_001));
  shim.writeStdin(data.subarray(2_000_001));
  shim.endStdin();
  await shim.exited;
  t.is(output.stdout, execFileSync('cksum', {input: data, encoding: 'utf8'}));
});

kernelTest('stdin that nobody reads holds up nobody but its writer', async t => {
  const spec = makeSpec({args: ['sleep', '60'], openStdin: true});
  const {shim} = await start(spec);
  const other = await connectShim(spec.socketPath);
  shim.writeStdin(Buffer.alloc(1_000_000));
  await sleep(50);
  other.signal(9);
  t.is((await other.exited)?.exitCode, 137);
  t.is((await shim.exited)?.exitCode, 137);
});

kernelTest('without openStdin, stdin is empty and what is written is dropped', async t => {
  const {shim, output} = await start(makeSpec({shell: 'cat; echo end; sleep 0.1'}));
  shim.writeStdin(Buffer.from('ignored'));
  shim.endStdin();
  t.is((await shim.exited)?.exitCode, 0);
  t.is(output.stdout, 'end\n');
});

kernelTest('a client that does not subscribe hears of the exit alone; one that comes late of the rest', async t => {
  const spec = makeSpec({shell: 'echo early; read go; echo late', openStdin: true});
  const {shim, output} = await start(spec);
  t.true(await eventually(() => output.stdout === 'early\n'));
  const [quiet, late] = [await connectShim(spec.socketPath), await connectShim(spec.socketPath)];
  let heard = '';
  late.subscribe(frame => (heard += frame.toString('latin1')));
  await sleep(20);
  shim.writeStdin(Buffer.from('\n'));
  const exit = await quiet.exited;
  t.is(exit?.exitCode, 0);
  t.deepEqual(await late.exited, exit);
  t.deepEqual(await shim.exited, exit);
  t.is(heard, '\x01\0\0\0\0\0\0\x05late\n');
});

kernelTest('a slow subscriber makes the container wait, and loses nothing', async t => {
  const spec = makeSpec({shell: 'seq 400000; echo done > /done'});
  const {shim, output} = await start(spec);
  shim.pause();
  const done = join(spec.rootfs.upper, 'done');
  await sleep(300);
  t.false(await eventually(() => fileExists(done), 100));
  t.true(readLog(spec).length < 400_000);
  shim.resume();
  t.is((await shim.exited)?.exitCode, 0);
  t.is(output.stdout.length, 2_688_895);
  t.true(fileExists(done));
});

kernelTest('a subscriber that goes away stops holding up the container', async t => {
  const spec = makeSpec({shell: 'seq 400000'});
  const {shim} = await start(spec);
  shim.pause();
  await sleep(100);
  const other = await connectShim(spec.socketPath);
  shim.close();
  t.is((await other.exited)?.exitCode, 0);
  t.is(logOf(spec).length, 400_000);
});

kernelTest('the exit is told after all output, also to whom reads it later', async t => {
  const spec = makeSpec({shell: 'seq 50000'});
  const {shim, output, shimPid} = await start(spec);
  shim.pause();
  t.true(await eventually(() => fileExists(join(spec.stateDir, 'exit.json'))));
  t.true(isAlive(shimPid));
  shim.resume();
  t.is((await shim.exited)?.exitCode, 0);
  t.is(output.stdout.length, 288_894);
});

/** A daemon's `exec` or `nsenter` may hold it: not in the pid namespace, so not dead with it. */
kernelTest('a process outside that holds the output does not delay the exit', async t => {
  const {shim, pid} = await start(makeSpec({shell: 'echo x; read go', openStdin: true}));
  const holder = spawn('sh', ['-c', `exec sleep 60 > /proc/${pid}/fd/1`], {stdio: 'ignore'});
  t.teardown(() => holder.kill('SIGKILL'));
  t.true(await eventually(() => readFileSync(`/proc/${holder.pid}/comm`, 'utf8') === 'sleep\n'));
  shim.endStdin();
  t.is((await shim.exited)?.exitCode, 1);
});

kernelTest('the death of pid 1 ends its background processes and their output', async t => {
  const spec = makeSpec({shell: '(sleep 60; echo never) & echo ready'});
  const {exit, stdout} = await run(spec);
  t.is(exit?.exitCode, 0);
  t.is(stdout, 'ready\n');
});

kernelTest('a client that speaks another language is dropped', async t => {
  const spec = makeSpec({args: ['sleep', '60']});
  const {shim} = await start(spec);
  const client = connect(spec.socketPath);
  client.end('GET / HTTP/1.1\r\n\r\n');
  client.resume();
  await once(client, 'close');
  shim.signal(9);
  t.is((await shim.exited)?.exitCode, 137);
});

kernelTest('a half-spoken frame waits for its rest', async t => {
  const spec = makeSpec({args: ['cat'], openStdin: true});
  const {shim, output} = await start(spec);
  const client = connect(spec.socketPath);
  for (const byte of Buffer.from('\0\0\0\0\0\0\0\x03abc\0\0\0\0\0\0\0\0', 'latin1')) {
    client.write(Buffer.of(byte));
    await sleep(1);
  }
  t.is((await shim.exited)?.exitCode, 0);
  t.is(output.stdout, 'abc');
  client.destroy();
});

kernelTest('the socket is for its owner alone', async t => {
  const spec = makeSpec({args: ['sleep', '60']});
  const {shim} = await start(spec);
  t.is(statSync(spec.socketPath).mode & 0o777, 0o600);
  shim.signal(9);
  await shim.exited;
  await t.throwsAsync(connectShim(spec.socketPath), {code: 'ENOENT'});
});

function fileExists(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false}) !== undefined;
}
