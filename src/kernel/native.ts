import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

/**
 * A file descriptor; close it with `fs.closeSync`. Every one is close-on-exec. (Workers warn at closing what node:fs did
 * not open: start them with `trackUnmanagedFds: false`.)
 */
export type Fd = number;

export interface SocketSpec {
  readonly type: 'tcp' | 'udp';
  /** Canonical IPv4 or IPv6 text; `0.0.0.0` and `::` bind every address of that family, `*` of both (an IPv6 socket without IPV6_V6ONLY). */
  readonly ip: string;
  /** 0 lets the kernel choose from ip_local_port_range. */
  readonly port: number;
  /** tcp only: listen(2), so that no one with SO_REUSEADDR can bind the port too. */
  readonly listen: boolean;
  /** Attach a classic BPF filter that drops every packet (`ret 0`): the socket only holds the port. */
  readonly dropAll: boolean;
}

export interface PacketSpec {
  /** The one interface to listen on. */
  readonly ifindex: number;
  /** Classic BPF, `struct sock_filter` after `struct sock_filter`; what it returns is the number of bytes kept. */
  readonly filter: Uint8Array;
  /** Bytes that may wait unread, with the kernel's overhead of ~0.8 KiB a packet; what comes then is dropped and counted. */
  readonly bufferSize: number;
  /** Only what arrives (PACKET_IGNORE_OUTGOING, Linux 4.20): what leaves is not even copied. */
  readonly incoming: boolean;
}

/**
 * What JavaScript cannot do (design §6). A failed system call throws an Error with `errno` (positive number), `code`
 * (`ENOENT`) and `syscall`. `netnsFd` always means: setns there, do it, setns home, synchronously on this thread;
 * when the thread cannot come home, the process aborts.
 */
export interface Native {
  /** AF_NETLINK socket of `protocol` (NETLINK_ROUTE 0, NETLINK_NETFILTER 12), bound, NETLINK_EXT_ACK, CAP_ACK and GET_STRICT_CHK on. */
  openNetlink(protocol: number, netnsFd?: Fd): Fd;
  /**
   * Sends one datagram and returns every datagram of the answer. The kernel answers before sendmsg returns, and fills a
   * dump further at each receive, so the answer is over when nothing more is readable. Polls up to `timeoutMs` (default
   * 5000) for the first datagram; ETIMEDOUT when none comes.
   */
  request(fd: Fd, bytes: Uint8Array, timeoutMs?: number): Uint8Array[];
  /** The same on a worker thread, for requests that block in the kernel. The fd must not be used by another request meanwhile. */
  requestAsync(fd: Fd, bytes: Uint8Array, timeoutMs?: number): Promise<Uint8Array[]>;
  /** Everything readable now, without blocking. Throws ENOBUFS when a monitor overflowed. */
  receive(fd: Fd): Uint8Array[];
  joinGroup(fd: Fd, group: number): void;
  /**
   * Calls `onReadable` on the event loop as long as `fd` is readable or has an error to take (ENOBUFS); the function
   * returned stops that. The fd stays the caller's; what it refers to lives until it is closed and the watch stopped.
   * A watch does not keep the process alive.
   */
  watch(fd: Fd, onReadable: () => void): () => void;
  /** A proc file system of its own, mounted nowhere: `/proc/self/fd/N/sys/…` leads into it until it is closed. */
  mountProc(): Fd;
  /** open(2) with O_CLOEXEC, inside the namespace if given: /proc/sys/net belongs to the netns of the opener. */
  openFile(path: string, flags: number, netnsFd?: Fd): Fd;
  /**
   * A persistent TUN/TAP link in the namespace that `tunFd`, of /dev/net/tun, was opened in; `flags` are IFF_*, `ids` the user
   * and the group that may attach to it, -1 for none.
   */
  makeTun(tunFd: Fd, name: string, flags: number, ids: readonly [number, number]): void;
  /** A bound socket; `port` is the one the kernel gave. In a namespace that never had an address, any can be bound. */
  openSocket(spec: SocketSpec, netnsFd?: Fd): {fd: Fd; port: number};
  /** `count` of them in this thread's namespace, at `port` and what follows; all or none. A call each would be a third of the time. */
  openSockets(spec: SocketSpec, count: number): Fd[];
  closeSockets(fds: readonly Fd[]): void;
  /** AF_PACKET socket, bound; filter and options are in place before the first packet. */
  openPacket(spec: PacketSpec, netnsFd?: Fd): Fd;
  /**
   * Up to 64 packets that wait, without blocking; empty when none does. One record after another: u32 time (ns since
   * 1970) high and low, bytes kept, bytes on the wire, PACKET_* type, two unused; the frame, padded to 4 bytes; 16 unused
   * bytes. So there is room around each frame for a pcapng block. ENETDOWN once when the link went down.
   */
  receivePackets(fd: Fd): Uint8Array;
  /** PACKET_STATISTICS since the last call, two u32: what the filter accepted, and what of it found no room. */
  packetCounts(fd: Fd): Uint8Array;
  /**
   * Raw ICMP or ICMPv6 socket, by the family of `peer`, connected to it; `0.0.0.0` and `::` leave it open to what comes
   * from anyone. For read(2) and write(2); reading IPv4 gives the IP header too. What can be taken from its receive
   * queue is a copy: the packet goes on to whom it was for.
   */
  openIcmp(peer: string, netnsFd?: Fd): Fd;
  /** The same, and what it sends is never cut: not here either, whatever the kernel believes of the path (IP_PMTUDISC_PROBE). */
  openWholeIcmp(peer: string, netnsFd?: Fd): Fd;
  /** A fresh mount of `tracefs`, say, that no path leads to: its files are below `/proc/self/fd/N/`. Gone when closed. */
  openFilesystem(type: string): Fd;
  /** A new tmpfs on the directory `path`, nosuid, nodev, noexec; `options` as in tmpfs(5). */
  mountTmpfs(path: string, options: string): void;
  /** umount2(MNT_DETACH) + rmdir. A missing path or mount is fine. */
  unmountTmpfs(path: string): void;
  /** A read-only mount of `path` that no path leads to; `/proc/self/fd/N` is the file, and stays it when the path is replaced. */
  openReadonly(path: string): Fd;
  /**
   * Loads a BPF_PROG_TYPE_CGROUP_DEVICE program, `struct bpf_insn` after `struct bpf_insn`, and attaches it to the v2 cgroup
   * at `path`, in which it lives. `syscall` names the bpf(2) command that failed.
   */
  attachDeviceFilter(path: string, program: Uint8Array): void;
  /** A new empty netns, or the one given, bind-mounted on `path` (created O_EXCL; removed again on failure). */
  pinNetns(path: string, netnsFd?: Fd): void;
  /** The same, owned by a new user namespace with these maps: lines of `/proc/<pid>/uid_map` and `gid_map`. */
  pinMappedNetns(path: string, uidMap: string, gidMap: string): void;
  /** umount2(MNT_DETACH) + unlink. A missing path or mount is fine. */
  unpinNetns(path: string): void;
  pidfdOpen(pid: number): Fd;
  /** flock(2). False when `nonblocking` and somebody else holds it. */
  lock(fd: Fd, mode: 'exclusive' | 'shared' | 'unlock', nonblocking: boolean): boolean;
}

/** Takes ~1 ms the first time, nothing later. Throws an Error that says what to do when the addon was not built. */
export function loadNative(): Native {
  return createRequire(import.meta.url)(nativePath()) as Native;
}

/** The `tnet-shim` executable, which lies next to the addon. */
export function shimPath(): string {
  return join(dirname(nativePath()), 'tnet-shim');
}

/** The `tnet-files` executable, beside it. */
export function filesPath(): string {
  return join(dirname(nativePath()), 'tnet-files');
}

/** The `tnet-lab` executable, which holds and enters the namespaces of a lab. */
export function labPath(): string {
  return join(dirname(nativePath()), 'tnet-lab');
}

/** A clone builds into `build/`, a package carries `prebuilds/`. We run from `src/kernel/` or bundled from `bin/`, both somewhere below them. */
function nativePath(): string {
  const asked = process.env.TNET_NATIVE;
  if (asked) return resolve(asked);
  const here = dirname(fileURLToPath(import.meta.url));
  const found = foldersAbove(here).flatMap(candidates).find(existsSync);
  if (found === undefined) throw new Error(`Cannot load "tnet.node": not found above "${here}"; run \`npm run build\``);
  return found;
}

function candidates(folder: string): readonly string[] {
  return ['build/Release', `prebuilds/linux-${process.arch}`].map(place => join(folder, place, 'tnet.node'));
}

function foldersAbove(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)];
}
