import {closeSync, existsSync, readdirSync, readFileSync, readSync, writeSync} from 'node:fs';
import test from 'ava';
import {loadNative} from '../../src/kernel/native.ts';
import {encodeEchoRequest} from '../../src/kernel/trace/icmp.ts';
import {makeHost, run} from '../fixture/host.ts';

const native = loadNative();
makeHost();

test('openFilesystem() mounts where no path leads, and the mount goes with its descriptor', t => {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  const fd = native.openFilesystem('proc');
  t.true(readdirSync(`/proc/self/fd/${fd}`).includes('self'));
  t.is(readFileSync('/proc/self/mountinfo', 'utf8'), mounts);
  t.regex(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'), /flags:\s+0?2?\d*/);
  closeSync(fd);
  t.false(existsSync(`/proc/self/fd/${fd}/self`));
  t.throws(() => native.openFilesystem('nosuchfs'), {code: 'ENODEV'});
});

for (const [peer, any, family, start] of [
  ['127.0.0.1', '0.0.0.0', 4, 20],
  ['::1', '::', 6, 0],
] as const) {
  test(`openIcmp() sends to ${peer}, and hears on ${any}`, async t => {
    const [sender, listener] = [native.openIcmp(peer), native.openIcmp(any)];
    writeSync(sender, encodeEchoRequest(family, 0x1234, 16));
    const alive = setInterval(() => {}, 1000); // a watch does not keep the process
    const heard = await new Promise<Buffer>(resolve => {
      const stop = native.watch(listener, () => {
        stop();
        const buffer = Buffer.alloc(256);
        resolve(buffer.subarray(0, readSync(listener, buffer, 0, 256, null)));
      });
    });
    clearInterval(alive);
    t.is(heard.readUInt16BE(start + 4), 0x1234);
    for (const fd of [sender, listener]) closeSync(fd);
  });
}

test('openIcmp() refuses what is no address, and says when there is no route', t => {
  t.throws(() => native.openIcmp('web'), {code: 'EINVAL', message: /^inet_pton: /});
  t.throws(() => native.openIcmp('203.0.113.1'), {code: 'ENETUNREACH', message: /^connect: /});
  t.is(run('ip route'), '');
});
