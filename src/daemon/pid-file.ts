import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

export interface PidFile {
  /** Removes the file and lets the lock go, in this order: whoever waits for the end waits for the file. */
  release(): void;
}

/** flock(2), exclusive and not waiting. The kernel takes it back when the process dies, however it dies. */
export type TryLock = (fd: number) => boolean;

/** The lock that makes a daemon the only one on its run root; null when somebody holds it. */
export function takePidFile(path: string, tryLock: TryLock): PidFile | null {
  for (;;) {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    if (!tryLock(fd)) {
      closeSync(fd);
      return null;
    }
    if (isStill(path, fd)) return own(path, fd);
    closeSync(fd); // its last owner removed it between our open and our lock: the path is another file now
  }
}

/** Of the daemon that holds the lock, for messages. */
export function readPid(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function own(path: string, fd: number): PidFile {
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`, 0);
  return {
    release() {
      unlinkSync(path);
      closeSync(fd);
    },
  };
}

function isStill(path: string, fd: number): boolean {
  const stats = statSync(path, {throwIfNoEntry: false});
  return stats !== undefined && stats.ino === fstatSync(fd).ino && stats.dev === fstatSync(fd).dev;
}
