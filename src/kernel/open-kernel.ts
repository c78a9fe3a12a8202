import {setImmediate as nextTurn, setTimeout as sleep} from 'node:timers/promises';
import {TnetError} from '../errors.ts';
import {hasLinkType} from './add-link.ts';
import {type ApplyParts, applyStep} from './apply.ts';
import {execute} from './execute.ts';
import {connectedPrefixes, defaultMtu, forwardingChanges} from './host-routing.ts';
import {createIptables} from './iptables.ts';
import type {NamespacePath} from './item.ts';
import type {Kernel} from './kernel.ts';
import {readLinkStats} from './link-stats.ts';
import {linksAtHome} from './links-at-home.ts';
import {watchKernel} from './monitor.ts';
import type {Native} from './native.ts';
import {flushPorts} from './netlink/flush-ports.ts';
import type {NftTable} from './netlink/nftables/types.ts';
import {findWorld, hasNamespace, hostLinks, isForwarding, readUniqueness, readWorld} from './read.ts';
import {readCounters} from './read-counters.ts';
import {readIptables} from './read-iptables.ts';
import {readSandbox, viewSandbox} from './read-sandbox.ts';
import {createSockets} from './sockets.ts';

export interface KernelSpec {
  readonly native: Native;
  /** Whether a link with this IFLA_GROUP is ours. */
  readonly isOurs: (group: number) => boolean;
  /** Our nft table; all that varies of it are its elements. */
  readonly table: NftTable;
}

const carrierTimeoutMs = 2000;
/** One solicitation, a second's wait, and as much before it at random (RFC 4862); the reference plugins wait as long. */
const uniqueTimeoutMs = 10_000;

export function openKernel({native, isOurs, table}: KernelSpec): Kernel {
  const sockets = createSockets(native);
  const parts: ApplyParts = {native, sockets, iptables: createIptables(), table, isOurs};

  const awaitCarrier = async (link: string): Promise<void> => {
    const deadline = performance.now() + carrierTimeoutMs;
    // linkwatch handles a veth's carrier at once, in a kernel worker: mostly it is through before we first ask.
    for (let tries = 0; !isForwarding(parts, link); tries++) {
      if (performance.now() > deadline)
        throw new TnetError('ERR_KERNEL', `Cannot use link "${link}": no carrier after ${carrierTimeoutMs} ms`);
      await (tries < 50 ? nextTurn() : sleep(1));
    }
  };

  const lettingGo = <T>(job: () => T): T => {
    try {
      return job();
    } finally {
      sockets.releaseForeign();
    }
  };

  const awaitUnique = async (ns: NamespacePath, link: string): Promise<void> => {
    const deadline = performance.now() + uniqueTimeoutMs;
    for (let state = uniqueness(); !state.isSettled; state = uniqueness()) {
      if (state.taken !== undefined || performance.now() > deadline)
        throw new TnetError('ERR_ADDRESS_IN_USE', `Address already in use on the link: ${state.taken ?? 'no answer'}`);
      await sleep(20);
    }
    function uniqueness() {
      return lettingGo(() => readUniqueness(parts, ns, link));
    }
  };

  return {
    read: want => lettingGo(() => readWorld(parts, want)),
    find: want => lettingGo(() => findWorld(parts, want)),
    readIptables: () => readIptables(parts),
    execute: (ops, onError) =>
      execute(ops, onError, step => applyStep(parts, step)).finally(() => sockets.releaseForeign()),
    readSandbox: ns => lettingGo(() => readSandbox(parts, ns)),
    viewSandbox: ns => lettingGo(() => viewSandbox(parts, ns)),
    hasNamespace: ns => lettingGo(() => hasNamespace(sockets, ns)),
    awaitCarrier,
    awaitUnique,
    hostLinks: () => linksAtHome(parts),
    linkNames: () => hostLinks(parts).map(({name}) => name),
    hasLinkType: type => hasLinkType(sockets, type),
    forwardingChanges: (family, bridges) => forwardingChanges(parts, family, bridges),
    connectedPrefixes: () => connectedPrefixes(parts),
    defaultMtu: () => defaultMtu(parts),
    flushPorts: ranges => flushPorts(sockets.netfilter(), ranges),
    linkStats: names => readLinkStats(parts, names),
    counters: () => readCounters(parts),
    watch: (tables, onChange) => watchKernel({native, tables, iptables: parts.iptables}, onChange),
    close: sockets.close,
  };
}
