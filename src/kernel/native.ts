/** A file descriptor; close it with `fs.closeSync`. Every one is close-on-exec. */
export type Fd = number;

export interface SocketSpec {
  readonly type: 'tcp' | 'udp';
  /** Canonical IPv4 or IPv6 text; `0.0.0.0` and `::` bind every address (IPV6_V6ONLY is always set). */
  readonly ip: string;
  /** 0 lets the kernel choose from ip_local_port_range. */
  readonly port: number;
  /** tcp only: listen(2), so that no one with SO_REUSEADDR can bind the port too. */
  readonly listen: boolean;
  /** Attach a classic BPF filter that drops every packet (`ret 0`): the socket only holds the port. */
  readonly dropAll: boolean;
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
  /** Calls `onReadable` on the event loop whenever `fd` is readable; the returned function stops that. The fd stays the caller's. */
  watch(fd: Fd, onReadable: () => void): () => void;
  /** open(2) with O_CLOEXEC, inside the namespace if given: /proc/sys/net belongs to the netns of the opener. */
  openFile(path: string, flags: number, netnsFd?: Fd): Fd;
  /** A bound socket; `port` is the one the kernel gave. */
  openSocket(spec: SocketSpec, netnsFd?: Fd): {fd: Fd; port: number};
  /** New empty netns, bind-mounted on `path` (created O_EXCL; removed again on failure). */
  pinNetns(path: string): void;
  /** umount2(MNT_DETACH) + unlink. A missing path or mount is fine. */
  unpinNetns(path: string): void;
  pidfdOpen(pid: number): Fd;
  /** flock(2). False when `nonblocking` and somebody else holds it. */
  lock(fd: Fd, mode: 'exclusive' | 'shared' | 'unlock', nonblocking: boolean): boolean;
}
