import {closeSync, constants, openSync} from 'node:fs';
import type {NamespacePath} from './item.ts';
import type {Fd, Native} from './native.ts';
import {systemError} from './netlink/answer.ts';
import {type NetlinkSocket, openNetlinkSocket} from './netlink/socket.ts';

/** Netlink sockets by namespace, opened when first needed. A sandbox's are kept until `release`. */
export interface Sockets {
  route(ns: NamespacePath): NetlinkSocket;
  netfilter(): NetlinkSocket;
  /** undefined for the host's own namespace. */
  netnsFd(ns: NamespacePath): Fd | undefined;
  release(ns: NamespacePath): void;
  close(): void;
}

export function createSockets(native: Native): Sockets {
  const sockets = new Map<string, NetlinkSocket>();
  const namespaces = new Map<NamespacePath, Fd>();

  const netnsFd = (ns: NamespacePath): Fd | undefined => {
    if (ns === '') return undefined;
    const known = namespaces.get(ns);
    if (known !== undefined) return known;
    const fd = openNamespace(ns);
    namespaces.set(ns, fd);
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
    release,
    close() {
      for (const socket of sockets.values()) socket.close();
      sockets.clear();
      for (const ns of [...namespaces.keys()]) release(ns);
    },
  };
}

/** KernelError, so that removing something from a namespace that is gone is no failure. */
function openNamespace(ns: NamespacePath): Fd {
  try {
    return openSync(ns, constants.O_RDONLY); // libuv adds O_CLOEXEC
  } catch (error) {
    throw systemError(error, `open network namespace "${ns}"`);
  }
}
