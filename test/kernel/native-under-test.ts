import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, existsSync, openSync, readdirSync, readlinkSync} from 'node:fs';
import {constants} from 'node:os';
import type {ExecutionContext} from 'ava';
import {type Fd, loadNative, type SocketSpec} from '../../src/kernel/native.ts';
import {makeHost} from '../fixture/host.ts';

export const native = loadNative();
export const dir = makeHost();
/** The compiled module as a JavaScript string, for programs and threads of their own. */
export const nativeModule = JSON.stringify(new URL('../../src/kernel/native.js', import.meta.url).href);

export const NETLINK_ROUTE = 0;
export const udp: SocketSpec = {type: 'udp', ip: '127.0.0.1', port: 0, listen: false, dropAll: true};
export const tcp: SocketSpec = {type: 'tcp', ip: '127.0.0.1', port: 0, listen: true, dropAll: true};

/** The network namespace of this thread. */
export const here = (): string => readlinkSync('/proc/thread-self/ns/net');

/** Descriptors open now, by number. Only comparable as long as nothing is awaited in between. */
export const descriptors = (): string[] => readdirSync('/proc/self/fd').filter(fd => existsSync(`/proc/self/fd/${fd}`));

export function opening<T>(fd: Fd, use: (fd: Fd) => T): T {
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** A new namespace with a descriptor, gone after the test. */
export function sandbox(t: ExecutionContext): {path: string; fd: Fd} {
  const path = `${dir}/netns/${t.title.replace(/\W+/g, '-').slice(0, 60)}`;
  native.pinNetns(path);
  const fd = openSync(path, 'r');
  t.teardown(() => {
    closeSync(fd);
    native.unpinNetns(path);
  });
  return {path, fd};
}

export function failsWith(
  t: ExecutionContext,
  call: () => unknown,
  [code, syscall]: readonly [keyof typeof constants.errno, string],
): void {
  const error = t.throws(call) as NodeJS.ErrnoException;
  t.is(error.code, code);
  t.is(error.errno, constants.errno[code]);
  t.is(error.syscall, syscall);
  t.regex(error.message, new RegExp(`^${syscall}: [A-Z]`));
}

/** Runs a program that has `native` and returns how it ended. */
export function program(source: string): {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
} {
  const code = `const native = (await import(${nativeModule})).loadNative(); const fs = await import('node:fs'); ${source}`;
  return spawnSync('node', ['--input-type=module', '-e', code], {encoding: 'utf8', timeout: 60_000});
}

export async function started(command: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(command, args, {stdio: ['ignore', 'pipe', 'inherit']});
  await once(child.stdout!, 'data');
  return child;
}

export async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
