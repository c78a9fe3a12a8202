import {execFile, execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {promisify} from 'node:util';
import {Worker} from 'node:worker_threads';
import test from 'ava';
import {type Fd, shimPath} from '../../src/kernel/native.ts';
import {run, runIn} from '../fixture/host.ts';
import {allLinks} from './native-messages.ts';
import {
  descriptors,
  dir,
  end,
  failsWith,
  here,
  NETLINK_ROUTE,
  native,
  nativeModule,
  opening,
  sandbox,
  started,
  tcp,
  udp,
} from './native-under-test.ts';

const flagsOf = (fd: Fd): number =>
  Number.parseInt(/^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!, 8);
const O_CLOEXEC = 0o2000000;

test('openNetlink() comes home to its own namespace', t => {
  const {path, fd} = sandbox(t);
  const home = here();
  runIn(path, 'ip link add probe type bridge');
  opening(native.openNetlink(NETLINK_ROUTE, fd), socket => {
    t.is(here(), home);
    t.true(Buffer.concat(native.request(socket, allLinks)).includes('probe\0'));
  });
  opening(native.openNetlink(NETLINK_ROUTE), socket => {
    t.false(Buffer.concat(native.request(socket, allLinks)).includes('probe\0'));
  });
});

test('openNetlink() refuses what is no namespace, from home', t => {
  const home = here();
  opening(openSync('/dev/null', 'r'), file =>
    failsWith(t, () => native.openNetlink(NETLINK_ROUTE, file), ['EINVAL', 'setns']),
  );
  failsWith(t, () => native.openNetlink(NETLINK_ROUTE, -1), ['EBADF', 'setns']);
  t.is(here(), home);
});

test('openNetlink() comes home from a call that fails there', t => {
  const {path, fd} = sandbox(t);
  runIn(path, 'ip link set lo up'); // before its first address every address is "broadcast" to a namespace, and may be bound
  const home = here();
  failsWith(t, () => native.openNetlink(99, fd), ['EPROTONOSUPPORT', 'socket']);
  failsWith(t, () => native.openFile('/nonexistent', constants.O_RDONLY, fd), ['ENOENT', 'open']);
  failsWith(t, () => native.openSocket({...udp, ip: '192.0.2.1'}, fd), ['EADDRNOTAVAIL', 'bind']);
  t.is(here(), home);
});

test('openNetlink() ten thousand times leaves no descriptor behind', t => {
  const {fd} = sandbox(t);
  const before = descriptors();
  for (let i = 0; i < 10_000; i++) closeSync(native.openNetlink(NETLINK_ROUTE, fd));
  for (let i = 0; i < 100; i++) t.throws(() => native.openSocket({...udp, ip: '192.0.2.1'}));
  t.deepEqual(descriptors(), before);
});

test('every descriptor is close-on-exec, those of watch() and of home too', t => {
  const {fd: netns} = sandbox(t);
  const before = new Set(descriptors());
  const socket = native.openNetlink(NETLINK_ROUTE, netns);
  const stop = native.watch(socket, () => {});
  const open = [
    socket,
    native.openFile('/proc/sys/net/ipv4/ip_forward', constants.O_RDONLY, netns),
    native.openSocket(udp, netns).fd,
    native.openSocket(tcp, netns).fd,
    native.pidfdOpen(process.pid),
  ];
  const fresh = descriptors().filter(fd => !before.has(fd));
  t.is(fresh.length, open.length + 1); // watch() has a duplicate
  for (const fd of fresh) t.truthy(flagsOf(Number(fd)) & O_CLOEXEC, readlinkSync(`/proc/self/fd/${fd}`));
  for (const fd of descriptors()) {
    if (readlinkSync(`/proc/self/fd/${fd}`) === here()) t.truthy(flagsOf(Number(fd)) & O_CLOEXEC);
  }
  stop();
  open.forEach(closeSync);
});

test('openFile() opens the /proc/sys/net of the given namespace', t => {
  const {path, fd} = sandbox(t);
  const sysctl = '/proc/sys/net/ipv4/ip_forward';
  writeFileSync(sysctl, '0');
  opening(native.openFile(sysctl, constants.O_WRONLY, fd), file => writeSync(file, '1'));
  t.is(runIn(path, `cat ${sysctl}`), '1\n');
  t.is(readFileSync(sysctl, 'utf8'), '0\n');
  opening(native.openFile(sysctl, constants.O_RDONLY), file => t.is(readSync(file, Buffer.alloc(8)), 2));
});

test('pinNetns() makes a namespace with nothing but lo, and comes home', t => {
  const home = here();
  const {path} = sandbox(t);
  t.is(here(), home);
  t.not(runIn(path, 'readlink /proc/self/ns/net').trim(), home);
  t.regex(runIn(path, 'ip -o link'), /^1: lo: <LOOPBACK> [^\n]*\n$/);
});

test('pinNetns() of a namespace that is there makes it outlive its first name, and comes home', t => {
  const home = here();
  const {path, fd} = sandbox(t);
  const second = `${dir}/netns/second`;
  native.pinNetns(second, fd);
  t.is(here(), home);
  const identity = (of: string): string => runIn(of, 'readlink /proc/self/ns/net');
  const meant = identity(path);
  native.unpinNetns(path);
  t.is(identity(second), meant);
  native.unpinNetns(second);
});

test('pinNetns() refuses a path that exists, and leaves it alone', t => {
  const path = `${dir}/netns/taken`;
  writeFileSync(path, 'mine');
  failsWith(t, () => native.pinNetns(path), ['EEXIST', 'open']);
  t.is(readFileSync(path, 'utf8'), 'mine');
  native.unpinNetns(path); // no mount
  t.false(existsSync(path));
  failsWith(t, () => native.pinNetns(`${dir}/nowhere/x`), ['ENOENT', 'open']);
});

test.serial('pinNetns() that cannot mount leaves no file and comes home', async t => {
  const home = here();
  const child = await started('unshare', ['--mount', 'sh', '-c', 'echo up; exec sleep 1000']);
  const before = descriptors();
  // The file is reached through another mount namespace, in which this process may not mount.
  failsWith(t, () => native.pinNetns(`/proc/${child.pid}/root${dir}/netns/unmountable`), ['EINVAL', 'mount']);
  t.deepEqual(
    readdirSync(`${dir}/netns`).filter(name => name === 'unmountable'),
    [],
  );
  t.is(here(), home);
  t.deepEqual(descriptors(), before);
  await end(child);
});

test('pinNetns() without the privilege leaves no file', t => {
  const source = `try { native.pinNetns('${dir}/netns/forbidden') } catch (error) { console.log(error.code, error.syscall) }`;
  const code = `const native = (await import(${nativeModule})).loadNative(); ${source}`;
  const args = ['--bounding-set=-sys_admin', '--inh-caps=-sys_admin', 'node', '--input-type=module', '-e', code];
  t.is(execFileSync('setpriv', args, {encoding: 'utf8'}), 'EPERM unshare\n');
  t.false(existsSync(`${dir}/netns/forbidden`));
});

test('unpinNetns() is done when there is nothing', t => {
  t.notThrows(() => native.unpinNetns(`${dir}/netns/never`));
  t.notThrows(() => native.unpinNetns(`${dir}/nowhere/never`));
  failsWith(t, () => native.unpinNetns(`${dir}/netns`), ['EISDIR', 'unlink']);
});

for (const propagation of ['private', 'slave', 'shared']) {
  test.serial(
    `unpinNetns() ends the namespace though a ${propagation} mount namespace has a copy of the mount`,
    async t => {
      const path = `${dir}/netns/copied-${propagation}`;
      run('mount --make-shared /run');
      native.pinNetns(path);
      run(`ip link add outer-${propagation} type veth peer name inner netns ${path}`);
      const child = await started('unshare', [
        '--mount',
        '--propagation',
        propagation,
        'sh',
        '-c',
        'echo up; exec sleep 1000',
      ]);
      const mounts = (pid: number | 'self'): string => readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
      t.true(mounts(child.pid!).includes(path));
      native.unpinNetns(path);
      t.false(mounts(child.pid!).includes(path));
      t.false(mounts('self').includes(path));
      while (run('ip -o link').includes(`outer-${propagation}`)) await nextTurn(); // a namespace dies in a kernel worker
      run('mount --make-private /run');
      await end(child);
    },
  );
}

test('pidfdOpen() refuses a process that is none', t => {
  failsWith(t, () => native.pidfdOpen(2 ** 22 + 1), ['ESRCH', 'pidfd_open']);
  failsWith(t, () => native.pidfdOpen(0), ['EINVAL', 'pidfd_open']);
});

test('lock() excludes, shares, and ends with its descriptor', t => {
  const [a, b] = [openSync(`${dir}/lock`, 'w'), openSync(`${dir}/lock`, 'r')];
  t.true(native.lock(a, 'exclusive', false));
  t.false(native.lock(b, 'exclusive', true));
  t.false(native.lock(b, 'shared', true));
  t.true(native.lock(a, 'shared', true));
  t.true(native.lock(b, 'shared', true));
  t.false(native.lock(a, 'exclusive', true));
  t.true(native.lock(b, 'unlock', false));
  t.true(native.lock(a, 'exclusive', true));
  closeSync(a);
  t.true(native.lock(b, 'exclusive', true));
  closeSync(b);
  failsWith(t, () => native.lock(b, 'shared', true), ['EBADF', 'flock']);
});

test('a value of the wrong type is refused, never taken for "here"', t => {
  const wrong: readonly (() => unknown)[] = [
    () => native.openNetlink(NETLINK_ROUTE, null as never),
    () => native.openNetlink(NETLINK_ROUTE, '3' as never),
    () => native.request(3, 'bytes' as never),
    () => native.requestAsync(3, undefined as never),
    () => native.watch(3, null as never),
    () => native.openSocket({} as never),
    () => native.pinNetns(3 as never),
    () => native.pinNetns(`${dir}/netns/a\0b`),
    () => native.lock(3, 'shared', undefined as never),
  ];
  for (const call of wrong) t.throws(call, undefined, call.toString());
});

test.serial('no child and no thread is ever born in a foreign namespace', async t => {
  const {fd} = sandbox(t);
  const home = here();
  const code = `import(${nativeModule}).then(({loadNative}) => {
    const [native, fs] = [loadNative(), require('fs')];
    for (let i = 0; i < 3000; i++) {
      fs.closeSync(native.openNetlink(0, ${fd}));
      if (fs.readlinkSync('/proc/thread-self/ns/net') !== '${home}') throw new Error('astray');
    }
    if (fs.readFileSync('/proc/sys/net/ipv4/conf/lo/tag', 'utf8') !== '7\\n') throw new Error('astray');
  })`;
  writeFileSync('/proc/sys/net/ipv4/conf/lo/tag', '7');
  let busy = 2;
  const workers = Array.from({length: busy}, () => new Worker(code, {eval: true, trackUnmanagedFds: false}));
  const ends = workers.map(async worker => {
    t.deepEqual(await once(worker, 'exit'), [0]);
    busy--;
  });
  const born: string[] = [];
  for (let i = 0; busy > 0 || i < 10; i++) {
    for (let j = 0; j < 50; j++) closeSync(native.openNetlink(NETLINK_ROUTE, fd));
    const child = promisify(execFile)('readlink', ['/proc/self/ns/net'], {encoding: 'utf8'});
    const blocking = execFileSync('readlink', ['/proc/self/ns/net'], {encoding: 'utf8'});
    const tags = await Promise.all([1, 2, 3, 4].map(() => readFile('/proc/sys/net/ipv4/conf/lo/tag', 'utf8'))); // the thread pool's
    born.push(blocking, (await child).stdout, ...tags.map(tag => (tag === '7\n' ? `${home}\n` : 'astray')));
  }
  await Promise.all(ends);
  t.deepEqual([...new Set(born)], [`${home}\n`]);
  const threads = readdirSync('/proc/self/task').map(id => readlinkSync(`/proc/self/task/${id}/ns/net`));
  t.deepEqual([...new Set(threads)], [home]);
});

test('shimPath() is next to the addon', t => {
  t.is(dirname(shimPath()), dirname(process.env.TNET_NATIVE || `${process.cwd()}/build/Release/tnet.node`));
});

test('loadNative() finds build/ and prebuilds/ above itself, or says what to do', t => {
  const root = `${dir}/clone`;
  const load = (): string => {
    const source = `import('${root}/dist/src/kernel/native.js').then(m => { m.loadNative(); console.log(m.shimPath()) }, 0).catch(error => console.log(error.message))`;
    return execFileSync('node', ['-e', source], {encoding: 'utf8', env: {...process.env, TNET_NATIVE: ''}});
  };
  const addon = shimPath().replace(/tnet-shim$/, 'tnet.node');
  run(
    `mkdir -p ${root}/dist/src/kernel; cp ${new URL('../../src/kernel/native.js', import.meta.url).pathname} ${root}/dist/src/kernel; echo '{"type": "module"}' > ${root}/package.json`,
  );
  t.regex(load(), /^Cannot load "tnet.node": not found above ".*\/dist\/src\/kernel"; run `npm run build`\n$/);
  const prebuilt = `${root}/prebuilds/linux-${process.arch}`;
  run(`mkdir -p ${prebuilt}; cp ${addon} ${prebuilt}`);
  t.is(load(), `${prebuilt}/tnet-shim\n`);
  run(`mkdir -p ${root}/build/Release; cp ${addon} ${root}/build/Release`);
  t.is(load(), `${root}/build/Release/tnet-shim\n`);
  run(`rm -r ${root}`);
});
