import {closeSync, existsSync} from 'node:fs';
import {type FileHandle, mkdir, open, readdir, readFile, rmdir, writeFile} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Native} from '../native.ts';
import {parseSkbEvent, type SkbEvent, skbEvents} from './skb-event.ts';

/** A recording of what happens to packet buffers, in every namespace of the machine. */
export interface SkbRecording {
  /** Nothing is recorded before. */
  begin(): Promise<void>;
  /** From now on only drops: a packet passes links in the first moment of its life, and may be given up much later. */
  calm(): Promise<void>;
  /** What was recorded so far, in the order of time. */
  read(): Promise<readonly SkbEvent[]>;
  close(): Promise<void>;
}

/** A packet's events are few, a busy host's many. KiB a CPU. */
const bufferKiB = 512;
/** Of a packet that we send, the first events matter; of one that is awaited, the last. */
export type WhenFull = 'keep the first' | 'keep the last';
let recordings = 0;

/**
 * Starts recording in a tracefs instance of its own, which disturbs no other tracer, on a mount of its own, which goes with
 * us. Takes about 50 ms, as does its end: the kernel waits for RCU. An instance is the only thing that could stay behind
 * (after SIGKILL): each start removes those of dead processes. Throws where tracefs is not to be had (lockdown, no CAP_SYS_ADMIN).
 */
export async function recordSkbs(native: Pick<Native, 'openFilesystem'>, whenFull: WhenFull): Promise<SkbRecording> {
  const fd = native.openFilesystem('tracefs');
  const root = `/proc/self/fd/${fd}`;
  const instance = `${root}/instances/tnet-${process.pid}-${++recordings}`;
  let hold: FileHandle | null = null;
  const close = async (): Promise<void> => {
    try {
      await hold?.close();
      await removeInstance(instance);
    } finally {
      closeSync(fd);
    }
  };
  try {
    await sweepInstances(`${root}/instances`);
    await mkdir(instance);
    hold = await open(`${instance}/tracing_on`); // nobody can remove an instance with an open file: EBUSY
    await configure(instance, whenFull);
    return {
      begin: () => writeFile(`${instance}/tracing_on`, '1'),
      calm: () => calm(instance),
      read: () => readEvents(instance),
      close,
    };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

/** Addresses stay hashed, the same way in all events; with `hash-ptr` off, Linux 6.1 prints no names of links and reasons. */
async function configure(instance: string, whenFull: WhenFull): Promise<void> {
  await writeFile(`${instance}/tracing_on`, '0');
  await writeFile(`${instance}/options/overwrite`, whenFull === 'keep the first' ? '0' : '1');
  await writeFile(`${instance}/buffer_size_kb`, String(bufferKiB));
  await writeFile(`${instance}/trace_clock`, 'mono'); // the default one differs from CPU to CPU
  // Only IPv4 and IPv6: the buffers of unix and netlink sockets are dropped by the thousand.
  await writeFile(`${instance}/events/skb/kfree_skb/filter`, `protocol == ${0x0800} || protocol == ${0x86dd}`);
  for (const event of skbEvents) await writeFile(`${instance}/events/${event}/enable`, '1');
}

/** Switches its events off. EBUSY as long as one of its files is open: calm() may be at it. */
async function removeInstance(instance: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await rmdir(instance);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || tries === 20) throw error;
      await sleep(10);
    }
  }
}

async function calm(instance: string): Promise<void> {
  const noisy = skbEvents.filter(event => event !== 'skb/kfree_skb');
  await Promise.all(noisy.map(event => writeFile(`${instance}/events/${event}/enable`, '0')));
}

async function readEvents(instance: string): Promise<readonly SkbEvent[]> {
  const text = await readFile(`${instance}/trace`, 'utf8');
  return text.split('\n').flatMap(line => parseSkbEvent(line) ?? []);
}

/** `tnet-PID-N` of a process that is gone, or dead and not waited for (a zombie has no `exe`); one that lives in another pid namespace holds its own. */
async function sweepInstances(folder: string): Promise<void> {
  const names = await readdir(folder);
  const dead = names.filter(name => {
    const pid = /^tnet-(\d+)-\d+$/.exec(name)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}/exe`);
  });
  await Promise.all(dead.map(name => rmdir(`${folder}/${name}`).catch(() => {})));
}
