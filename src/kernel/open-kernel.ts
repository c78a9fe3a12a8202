import {setImmediate as nextTurn, setTimeout as sleep} from 'node:timers/promises';
import {TnetError} from '../errors.ts';
import type {Prefix} from '../model/ip.ts';
import {hasLinkType} from './add-link.ts';
import {type ApplyParts, applyStep, readSysctl} from './apply.ts';
import {execute} from './execute.ts';
import type {Kernel} from './kernel.ts';
import {watchKernel} from './monitor.ts';
import type {Native} from './native.ts';
import {decodeAddress, dumpAddresses} from './netlink/address.ts';
import {deleteConntrack} from './netlink/conntrack.ts';
import type {NftTable} from './netlink/nftables/types.ts';
import {decodeRoute, dumpRoutes, RT_TABLE_MAIN} from './netlink/route.ts';
import {hostLinks, isForwarding, readWorld} from './read.ts';
import {createSockets} from './sockets.ts';

export interface KernelSpec {
  readonly native: Native;
  /** Whether a link with this IFLA_GROUP is ours. */
  readonly isOurs: (group: number) => boolean;
  /** Our nft table; all that varies of it are its elements. */
  readonly table: NftTable;
}

/** RT_SCOPE_LINK: an on-link route. */
const scopeLink = 253;
const carrierTimeoutMs = 2000;
/** ARPHRD_LOOPBACK */
const loopbackType = 772;

export function openKernel({native, isOurs, table}: KernelSpec): Kernel {
  const sockets = createSockets(native);
  const parts: ApplyParts & {isOurs: typeof isOurs} = {native, sockets, table, isOurs};

  const awaitCarrier = async (link: string): Promise<void> => {
    const deadline = performance.now() + carrierTimeoutMs;
    // linkwatch handles a veth's carrier at once, in a kernel worker: mostly it is through before we first ask.
    for (let tries = 0; !isForwarding(parts, link); tries++) {
      if (performance.now() > deadline)
        throw new TnetError('ERR_KERNEL', `Cannot use link "${link}": no carrier after ${carrierTimeoutMs} ms`);
      await (tries < 50 ? nextTurn() : sleep(1));
    }
  };

  return {
    read: want => readWorld(parts, want),
    execute: (ops, onError) => execute(ops, onError, step => applyStep(parts, step)),
    awaitCarrier,
    uplinks() {
      const addressed = new Set(
        sockets
          .route('')
          .dump(dumpAddresses({family: 4}))
          .map(message => decodeAddress(message).index),
      );
      return hostLinks(parts)
        .filter(link => addressed.has(link.index) && link.hardwareType !== loopbackType && !isOurs(link.group))
        .map(({name}) => ({
          name,
          forwarding: readSysctl(parts, '', `net/ipv4/conf/${name}/forwarding`) === '1',
        }));
    },
    linkNames: () => hostLinks(parts).map(({name}) => name),
    hasLinkType: type => hasLinkType(sockets, type),
    connectedPrefixes() {
      const ours = new Set(
        hostLinks(parts)
          .filter(({group}) => isOurs(group))
          .map(({index}) => index),
      );
      const routes = sockets
        .route('')
        .dump(dumpRoutes({family: 4}))
        .map(decodeRoute);
      // Not asked by table: a fresh namespace has no main table yet (ENOENT).
      return routes
        .filter(({scope, oif, table}) => table === RT_TABLE_MAIN && scope === scopeLink && !ours.has(oif ?? 0))
        .map(({to}): Prefix => to);
    },
    flushPort(proto, port) {
      deleteConntrack(sockets.netfilter(), {proto, port});
    },
    watch: onChange => watchKernel({native, table: table.name}, onChange),
    close: sockets.close,
  };
}
