import {close, closeSync, fstatSync, openSync} from 'node:fs';
import {constants} from 'node:os';
import {KernelError, TnetError} from '../../errors.ts';
import type {Fd, Native} from '../../kernel/native.ts';
import {createTable, getTable, replaceTable} from '../../kernel/netlink/nftables/objects.ts';
import type {NftTable} from '../../kernel/netlink/nftables/types.ts';
import {type NetlinkSocket, openNetlinkSocket} from '../../kernel/netlink/socket.ts';
import {identityOf, isForeign, sandboxPath} from '../../model/sandbox.ts';
import {createForwarder} from './forward.ts';
import {createQuota, type Quota} from './quota.ts';
import {dnsAddress, redirectTable} from './redirect.ts';
import {createResponder} from './responder.ts';
import {serveTcp} from './serve-tcp.ts';
import {serveUdp} from './serve-udp.ts';
import {shuffle} from './shuffle.ts';
import type {Upstream} from './upstream.ts';
import type {Zone} from './zone.ts';

/** The embedded DNS servers, one for each sandbox on a user network. `sandbox` is the path of its namespace. */
export interface DnsServers {
  /**
   * Serves 127.0.0.11:53 inside the sandbox, in place of a server that we, or a daemon before us, had there. It does not
   * keep the process alive. Throws ERR_KERNEL, and leaves nothing, when a socket or the nft table cannot be made.
   */
  open(sandbox: string, options: DnsOptions): Promise<void>;
  /** Lets go of the sandbox, whether it is still there or not: no descriptor of ours keeps its namespace alive any more. */
  close(sandbox: string): void;
  closeAll(): void;
}

export interface DnsOptions {
  /** Asked in this order, 3 at most. */
  readonly upstreams: readonly Upstream[];
  /** As set by the user in the sandbox's resolv.conf; 0 otherwise. */
  readonly ndots: number;
}

export interface DnsParts {
  readonly native: Pick<Native, 'openSocket' | 'openNetlink' | 'request' | 'requestAsync'>;
  /** Asked at every query: must be cheap. Its networks should be the same objects as long as they did not change. */
  readonly zoneOf: (sandbox: string) => Zone;
  readonly log: (message: string, error?: unknown) => void;
  readonly limits?: Partial<DnsLimits>;
}

export interface DnsLimits {
  /** Forwards in flight, in all and by one sandbox; REFUSED above. */
  readonly forwards: number;
  readonly forwardsEach: number;
  /** TCP connections of one sandbox. */
  readonly connections: number;
  /** More than all upstreams may take. */
  readonly idleMs: number;
  readonly upstreamMs: number;
}

const defaults: DnsLimits = {forwards: 1024, forwardsEach: 128, connections: 100, idleMs: 15_000, upstreamMs: 4000};

export function createDnsServers(parts: DnsParts): DnsServers {
  const limits = {...defaults, ...parts.limits};
  const quota = createQuota({total: limits.forwards, each: limits.forwardsEach});
  const running = new Map<string, () => void>();
  const closeOne = (sandbox: string): void => {
    running.get(sandbox)?.();
    running.delete(sandbox);
  };
  return {
    async open(sandbox, options) {
      closeOne(sandbox);
      running.set(sandbox, openServer({...parts, limits, quota}, sandbox, options));
    },
    close: closeOne,
    closeAll: () => [...running.keys()].forEach(closeOne),
  };
}

type ServerParts = DnsParts & {readonly limits: DnsLimits; readonly quota: Quota};

/** Synchronous, so that two of the same sandbox cannot mix; 0.6 ms. What was opened is closed again when a later step fails. */
function openServer(parts: ServerParts, sandbox: string, options: DnsOptions): () => void {
  const undo: (() => void)[] = [];
  const closeServer = (): void => {
    for (const step of undo.splice(0).reverse()) step();
  };
  try {
    const netnsFd = openSync(sandboxPath(sandbox), 'r');
    refuseOther(sandbox, netnsFd);
    const stays = !isForeign(sandbox) || options.upstreams.some(({from}) => from === 'sandbox');
    if (stays) undo.push(() => closeSync(netnsFd));
    try {
      serve(parts, {sandbox, netnsFd, options, undo});
    } finally {
      // It would keep its owner from unmounting the namespace; the sockets do not.
      if (!stays) closeSync(netnsFd);
    }
    return closeServer;
  } catch (cause) {
    closeServer();
    throw openError(sandbox, cause);
  }
}

/** The path of another runtime's, as /proc/42/ns/net, may lead to somebody else's by now. */
function refuseOther(sandbox: string, netnsFd: Fd): void {
  const {dev, ino} = fstatSync(netnsFd);
  if ([null, `${dev}:${ino}`].includes(identityOf(sandbox))) return;
  closeSync(netnsFd);
  throw new Error('its path leads to another namespace by now');
}

interface Opening {
  readonly sandbox: string;
  readonly netnsFd: Fd;
  readonly options: DnsOptions;
  readonly undo: (() => void)[];
}

function serve(parts: ServerParts, {sandbox, netnsFd, options, undo}: Opening): void {
  const {native, limits, quota, zoneOf} = parts;
  const onError = logOnce(parts, sandbox);
  const {upstreams, ndots} = options;
  const forwarder = createForwarder({native, netnsFd, upstreams, timeoutMs: limits.upstreamMs});
  undo.push(forwarder.close);
  const respond = createResponder({
    zone: () => zoneOf(sandbox),
    options: {shuffle, ndots},
    forward: forwarder.forward,
    take: () => quota.take(sandbox),
    onError,
  });
  const socket = {ip: dnsAddress, port: 0, dropAll: false} as const;
  const udp = native.openSocket({...socket, type: 'udp', listen: false}, netnsFd);
  undo.push(serveUdp(udp.fd, respond, onError));
  const tcp = native.openSocket({...socket, type: 'tcp', listen: true}, netnsFd);
  const {connections: maxConnections, idleMs} = limits;
  undo.push(serveTcp(tcp.fd, {respond, maxConnections, idleMs, onError}));
  redirect(native, netnsFd, {udp: udp.port, tcp: tcp.port});
}

/**
 * Replaces the table of a daemon before us, if there is one; we look first, since a transaction that fails waits for RCU.
 * So does close(2) of a netlink socket that deleted something, 10–25 ms: that is left to libuv's threads.
 */
function redirect(native: DnsParts['native'], netnsFd: Fd, ports: {udp: number; tcp: number}): void {
  const socket = openNetlinkSocket({native, protocol: 'netfilter', netnsFd, close: fd => close(fd, () => undefined)});
  const table = redirectTable(ports);
  try {
    socket.batch(hasTable(socket, table) ? replaceTable(table) : createTable(table));
  } finally {
    socket.close();
  }
}

function hasTable(socket: NetlinkSocket, table: NftTable): boolean {
  try {
    return socket.request(getTable(table)).length > 0;
  } catch (error) {
    if (error instanceof KernelError && error.errno === constants.errno.ENOENT) return false;
    throw error;
  }
}

/** A container decides how often something goes wrong: one line each is enough. */
function logOnce({log}: DnsParts, sandbox: string): (error: unknown) => void {
  let silent = false;
  return error => {
    if (!silent) log(`DNS server of sandbox "${sandbox}"`, error);
    silent = true;
  };
}

function openError(sandbox: string, cause: unknown): TnetError {
  const {code, message} = cause as NodeJS.ErrnoException;
  const reason = code === undefined || code.startsWith('ERR_') ? message : code;
  return new TnetError('ERR_KERNEL', `Cannot open the DNS server of sandbox "${sandbox}": ${reason}`, {cause});
}
