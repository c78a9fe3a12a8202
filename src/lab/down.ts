import {closeSync} from 'node:fs';
import {TnetError} from '../errors.ts';
import {loadNative} from '../kernel/native.ts';
import {cgroupsOf, removeCgroups} from './cgroups.ts';
import {isAlive, type LabRecord, type Labs} from './labs.ts';

/**
 * Ends a lab: kills its holder, pid 1 of the lab's processes. The kernel kills the rest of them before it lets the holder be
 * dead, and with the last one go the mounts, the network namespaces and the links. Only cgroups are nobody's. Throws
 * ERR_BAD_REQUEST from inside, where the holder is pid 1: the kernel lets nobody kill the pid 1 of his own namespace.
 */
export async function down(labs: Labs, record: LabRecord): Promise<void> {
  if (record.pid === 1)
    throw new TnetError('ERR_BAD_REQUEST', `Cannot end lab "${record.name}" from inside; leave its shell first`);
  if (isAlive(record)) {
    const cgroups = cgroupsOf(record.pid);
    await endHolder(record.pid);
    removeCgroups(cgroups);
  }
  labs.forget(record.name);
}

/** Kills the holder of a lab, and returns when the kernel has taken all of it back. */
export async function endHolder(pid: number): Promise<void> {
  const native = loadNative();
  let fd: number;
  try {
    fd = native.pidfdOpen(pid);
  } catch {
    return; // it ended by itself
  }
  try {
    await new Promise<void>(resolve => {
      const keepAlive = setInterval(() => {}, 60_000); // a watch alone does not keep this process
      const stop = native.watch(fd, () => {
        clearInterval(keepAlive);
        stop();
        resolve();
      });
      process.kill(pid, 'SIGKILL');
    });
  } finally {
    closeSync(fd);
  }
}
