import {resolve} from 'node:path';

/** Everything of a daemon is below these two; any number of daemons live side by side. */
export interface Roots {
  /** State that survives a reboot. */
  readonly root: string;
  /** `tnet.sock`, `tnet.pid`, network namespaces. */
  readonly runRoot: string;
}

/** sun_path holds 108 bytes with its NUL: unix(7). */
const socketPathBytes = 107;

/** Options first, then `TNET_ROOT` and `TNET_RUN_ROOT`, then the places of the system. Throws RangeError when the socket's path cannot fit. */
export function resolveRoots(options: Partial<Roots>, env: Readonly<Record<string, string | undefined>>): Roots {
  const roots = {
    root: resolve(options.root || env.TNET_ROOT || '/var/lib/tnet'),
    runRoot: resolve(options.runRoot || env.TNET_RUN_ROOT || '/run/tnet'),
  };
  const bytes = Buffer.byteLength(socketPath(roots));
  if (bytes > socketPathBytes) {
    throw new RangeError(
      `run root "${roots.runRoot}" is too long: a socket's path has at most ${socketPathBytes} bytes, "${socketPath(roots)}" has ${bytes}`,
    );
  }
  return roots;
}

export function socketPath({runRoot}: Roots): string {
  return `${runRoot}/tnet.sock`;
}

export function pidPath({runRoot}: Roots): string {
  return `${runRoot}/tnet.pid`;
}

export function logPath({root}: Roots): string {
  return `${root}/daemon.log`;
}
