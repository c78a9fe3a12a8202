import {closeSync, constants, fstatSync, openSync} from 'node:fs';
import {KernelError} from '../errors.ts';
import {identityOf, isForeign, sandboxPath} from '../model/sandbox.ts';
import type {NamespacePath} from './item.ts';
import type {Fd, Native} from './native.ts';
import {systemError} from './netlink/answer.ts';
import {type NetlinkSocket, openNetlinkSocket} from './netlink/socket.ts';
import {createProcMounts} from './proc-mounts.ts';

/** Netlink sockets by namespace, opened when first needed. A sandbox's are kept until `release`. */
export interface Sockets {
  route(ns: NamespacePath): NetlinkSocket;
  netfilter(): NetlinkSocket;
  /** undefined for the host's own namespace. */
  netnsFd(ns: NamespacePath): Fd | undefined;
  /** `/proc`, or a proc file system that is faster for a sandbox's. */
  procRoot(ns: NamespacePath): string;
  release(ns: NamespacePath): void;
  /** Lets go of other runtimes' namespaces: a file descriptor of ours would keep them, and every link in them, alive. */
  releaseForeign(): void;
  close(): void;
}

export function createSockets(native: Native): Sockets {
  const sockets = new Map<string, NetlinkSocket>();
  const namespaces = new Map<NamespacePath, Fd>();
  // Of them: a walk over a thousand sandboxes of our own would be a tenth of an attach.
  const foreign = new Set<NamespacePath>();
  const procMounts = createProcMounts(native);

  const netnsFd = (ns: NamespacePath): Fd | undefined => {
    if (ns === '') return undefined;
    const known = namespaces.get(ns);
    if (known !== undefined) return known;
    const fd = openNamespace(ns);
    namespaces.set(ns, fd);
    if (isForeign(ns)) foreign.add(ns);
    return fd;
  };
  const open = (name: string, protocol: 'route' | 'netfilter', ns: NamespacePath): NetlinkSocket => {
    const known = sockets.get(name);
    if (known) return known;
    const fd = netnsFd(ns);
    const socket = openNetlinkSocket(fd === undefined ? {native, protocol} : {native, protocol, netnsFd: fd});
    sockets.set(name, socket);
    return socket;
  };
  const release = (ns: NamespacePath): void => {
    sockets.get(`route ${ns}`)?.close();
    sockets.delete(`route ${ns}`);
    const fd = namespaces.get(ns);
    if (fd !== undefined) closeSync(fd);
    namespaces.delete(ns);
  };
  return {
    route: ns => open(`route ${ns}`, 'route', ns),
    netfilter: () => open('netfilter', 'netfilter', ''),
    netnsFd,
    procRoot: procMounts.root,
    release,
    releaseForeign() {
      for (const ns of foreign) release(ns);
      foreign.clear();
    },
    close() {
      procMounts.close();
      for (const socket of sockets.values()) socket.close();
      sockets.clear();
      for (const ns of [...namespaces.keys()]) release(ns);
    },
  };
}

/** KernelError, so that removing something from a namespace that is gone is no failure; nor from one whose path is another's now. */
function openNamespace(ns: NamespacePath): Fd {
  const fd = open(sandboxPath(ns), ns);
  const meant = identityOf(ns);
  if (meant === null || namespaceIdentity(fd) === meant) return fd;
  closeSync(fd);
  throw new KernelError(`Cannot open network namespace "${sandboxPath(ns)}": it is another one now`, {errno: ENOENT});
}

const ENOENT = 2;

/** `device:inode`, as `stat -Lc %d:%i /proc/self/ns/net`. */
function namespaceIdentity(fd: Fd): string {
  const {dev, ino} = fstatSync(fd);
  return `${dev}:${ino}`;
}

function open(path: string, ns: NamespacePath): Fd {
  try {
    return openSync(path, constants.O_RDONLY); // libuv adds O_CLOEXEC
  } catch (error) {
    throw systemError(error, `open network namespace "${ns}"`);
  }
}
