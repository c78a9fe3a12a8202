import test from 'ava';
import {encodeFrame, splitFrames} from '../../../src/runtime/launch/frames.ts';
import {launchError} from '../../../src/runtime/launch/launch-failure.ts';
import type {LaunchOp} from '../../../src/runtime/launch/plan-launch.ts';
import {encodeProgram} from '../../../src/runtime/launch/program.ts';

test('encodeProgram() writes name, number of arguments, arguments, each ended by NUL', t => {
  t.is(
    encodeProgram([['pivot'], ['exec', 'sh', '', 'ü']]).toString('utf8'),
    'pivot\x000\x00exec\x003\x00sh\x00\x00ü\x00',
  );
});

test('encodeProgram() refuses a NUL, which would end an argument early', t => {
  t.throws(() => encodeProgram([['exec', 'a\0b']]), {
    instanceOf: RangeError,
    message: 'Cannot encode "a\\u0000b" for "exec": holds a NUL',
  });
});

test("encodeFrame() writes Docker's header", t => {
  t.deepEqual([...encodeFrame(2, Buffer.from('ab'))], [2, 0, 0, 0, 0, 0, 0, 2, 97, 98]);
});

test('splitFrames() finds the frames in a stream cut anywhere', t => {
  const frames = [Buffer.from('hello'), Buffer.alloc(0), Buffer.alloc(300, 'x')].map((payload, i) =>
    encodeFrame(i, payload),
  );
  const stream = Buffer.concat(frames);
  for (const step of [1, 3, 8, 64, stream.length]) {
    const found: Buffer[] = [];
    const take = splitFrames(frame => found.push(Buffer.from(frame)));
    for (let at = 0; at < stream.length; at += step) take(stream.subarray(at, at + step));
    t.deepEqual(found, frames, `pieces of ${step}`);
  }
});

const ops: readonly LaunchOp[] = [
  ['clone', 'pid'],
  ['mount', 'proc', '/proc', 'nodev', ''],
  ['exec', 'nosuch', 'x'],
  ['exec', './nosuch'],
  ['umask', '022'],
];
const failure = {
  op: 1,
  call: 'openat2',
  errno: 40,
  name: 'ELOOP',
  text: 'Too many levels of symbolic links',
  path: '/proc',
};

test('launchError() names what was planned, the call and the reason', t => {
  t.like(launchError(ops, failure), {
    code: 'ERR_LAUNCH',
    message: 'error mounting "proc" to rootfs at "/proc": openat2 "/proc": too many levels of symbolic links',
  });
  t.is(
    launchError(ops, {...failure, op: 4, call: 'umask', path: '', detail: 'as the kernel said'}).message,
    'error at step "umask 022": umask: too many levels of symbolic links (as the kernel said)',
  );
});

test("launchError() tells a command that is not there from one that cannot be run, in runc's words", t => {
  const exec = (op: number, name: string, text: string) =>
    launchError(ops, {...failure, op, call: 'execve', name, text});
  t.like(exec(2, 'ENOENT', 'No such file or directory'), {
    code: 'ERR_COMMAND_NOT_FOUND',
    message: 'exec: "nosuch": executable file not found in $PATH',
  });
  t.like(exec(3, 'ENOENT', 'No such file or directory'), {
    code: 'ERR_COMMAND_NOT_FOUND',
    message: 'exec: "./nosuch": no such file or directory',
  });
  t.like(exec(2, 'EACCES', 'Permission denied'), {
    code: 'ERR_COMMAND_NOT_EXECUTABLE',
    message: 'exec: "nosuch": permission denied',
  });
  t.is(exec(2, 'ENOMEM', 'Cannot allocate memory').code, 'ERR_LAUNCH');
});
