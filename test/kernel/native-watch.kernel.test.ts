import {closeSync, openSync} from 'node:fs';
import {setImmediate as nextTurn} from 'node:timers/promises';
import test from 'ava';
import {runIn} from '../fixture/host.ts';
import {
  address,
  getLo,
  message,
  RTM_DELADDR,
  RTM_NEWADDR,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_LINK,
} from './native-messages.ts';
import {
  descriptors,
  end,
  failsWith,
  NETLINK_ROUTE,
  native,
  nativeModule,
  opening,
  program,
  sandbox,
  started,
} from './native-under-test.ts';

/** A watch does not keep the process alive, so whoever waits for one alone must. */
async function awake<T>(wait: (resolve: (value: T) => void) => void): Promise<T> {
  const timer = setInterval(() => {}, 1000);
  try {
    return await new Promise<T>(wait);
  } finally {
    clearInterval(timer);
  }
}

test.serial('watch() tells of events until it is stopped', async t => {
  const {path, fd} = sandbox(t);
  const socket = native.openNetlink(NETLINK_ROUTE, fd);
  native.joinGroup(socket, RTNLGRP_LINK);
  let calls = 0;
  let stop = (): void => {};
  const seen = await awake<Uint8Array[]>(resolve => {
    stop = native.watch(socket, () => {
      calls++;
      resolve(native.receive(socket));
    });
    runIn(path, 'ip link add seen type bridge');
  });
  t.true(Buffer.concat(seen).includes('seen\0'));
  const before = calls;
  stop();
  stop();
  runIn(path, 'ip link add unseen type bridge');
  for (let i = 0; i < 3; i++) await nextTurn();
  t.is(calls, before);
  t.true(Buffer.concat(native.receive(socket)).includes('unseen\0'));
  closeSync(socket);
});

test.serial('an overflow is ENOBUFS once, and the watch goes on after it', async t => {
  const {fd} = sandbox(t);
  const [monitor, socket] = [native.openNetlink(NETLINK_ROUTE, fd), native.openNetlink(NETLINK_ROUTE, fd)];
  native.joinGroup(monitor, RTNLGRP_IPV4_IFADDR);
  const twoEvents = [message(RTM_NEWADDR, 0, address(0)), message(RTM_DELADDR, 0, address(0))];
  const make = (times: number): void =>
    void native.request(socket, Buffer.concat([...Array(times).fill(twoEvents).flat(), getLo]));
  for (let i = 0; i < 20; i++) make(3000);

  const outcomes: string[] = [];
  await awake<void>(resolve => {
    const stop = native.watch(monitor, () => {
      try {
        native.receive(monitor);
        outcomes.push('events');
      } catch (error) {
        outcomes.push((error as NodeJS.ErrnoException).code!);
        return;
      }
      if (outcomes.length < 3) return make(1);
      stop();
      resolve();
    });
  });
  t.deepEqual(outcomes, ['ENOBUFS', 'events', 'events']);
  closeSync(monitor);
  closeSync(socket);
});

test.serial('watch() tells when the process of a pidfd ends', async t => {
  const child = await started('sh', ['-c', 'echo up; exec sleep 1000']);
  const pidfd = native.pidfdOpen(child.pid!);
  let stop = (): void => {};
  await awake<void>(resolve => {
    stop = native.watch(pidfd, resolve);
    child.kill('SIGKILL');
  });
  stop();
  t.pass();
  closeSync(pidfd);
  await end(child);
});

test('watch() refuses what cannot be waited for, and leaves nothing open', t => {
  opening(openSync('/etc/passwd', 'r'), file => {
    const before = descriptors();
    failsWith(t, () => native.watch(file, () => {}), ['EPERM', 'uv_poll_init']);
    failsWith(t, () => native.watch(-1, () => {}), ['EBADF', 'fcntl']);
    t.deepEqual(descriptors(), before);
  });
});

test('a watch that is stopped has nothing open any more, at once', t => {
  opening(native.openNetlink(NETLINK_ROUTE), socket => {
    const before = descriptors();
    for (let i = 0; i < 1000; i++) native.watch(socket, () => t.fail())();
    t.deepEqual(descriptors(), before);
  });
});

test('watch() does not keep the process alive', t => {
  t.like(program('native.watch(native.openNetlink(0), () => {})'), {status: 0, stderr: ''});
});

test('what a callback of watch() throws is an uncaught exception', t => {
  const {status, stderr} = program(
    `native.watch(native.openFile('/dev/random', 0), () => { throw new Error('from the callback'); }); setInterval(() => {}, 1000)`,
  );
  t.is(status, 1);
  t.true(stderr.includes('Error: from the callback'));
});

test('watch() survives that its descriptor was closed and its number given away', t => {
  const source = `
    const [mine, other] = [native.openNetlink(0), native.openNetlink(0)];
    const stop = native.watch(mine, () => {});
    fs.closeSync(mine);
    const again = native.watch(native.openNetlink(0), () => {});
    setTimeout(() => { stop(); again(); console.log('fine'); }, 5);
  `;
  t.like(program(source), {status: 0, stdout: 'fine\n', stderr: ''});
});

test('a thread that ends, by itself or not, takes its watches with it', t => {
  const source = `
    const {Worker} = await import('node:worker_threads');
    const code = 'import(' + JSON.stringify(${nativeModule}) + ').then(m => { const n = m.loadNative(); for (let i = 0; i < 10; i++) n.watch(n.openFile("/dev/random", 0), () => {}); if (END) process.exit(); })';
    const ended = worker => new Promise(resolve => worker.on('exit', resolve));
    for (const END of [true, false]) for (let i = 0; i < 5; i++) {
      const worker = new Worker(code.replace('END', END), {eval: true, trackUnmanagedFds: false});
      if (!END) setTimeout(() => worker.terminate(), 60);
      await ended(worker);
    }
    console.log('fine');
  `;
  t.like(program(source), {status: 0, stdout: 'fine\n', stderr: ''});
});
