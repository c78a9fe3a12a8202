import type {LinkInfo} from '../netlink/link-info.ts';
import type {LinkType} from '../pcap-filter/condition-of.ts';

export type TappedLink = Pick<LinkInfo, 'index' | 'name' | 'kind' | 'mac' | 'up' | 'hardwareType' | 'masterIndex'>;

/** One interface to listen on, and which of its frames to take. */
export interface Tap {
  readonly link: TappedLink;
  readonly type: LinkType;
  readonly direction: 'both' | 'in' | 'out';
}

/** Chooses among the links of a namespace; called again whenever they change. */
export type ChooseTaps = (links: readonly TappedLink[]) => readonly Tap[];

/** ARPHRD_* of include/uapi/linux/if_arp.h: Ethernet and loopback; TUNNEL, TUNNEL6, SIT and NONE begin with the IP header. */
const etherTypes: readonly number[] = [1, 772];
const rawTypes: readonly number[] = [768, 769, 776, 0xfffe];
const loopbackType = 772;

/**
 * Every interface that is up: the tunnels that the kernel puts into each namespace (tunl0, sit0) are down, and programs
 * that read one link type a file would stop at them. On loopback a frame leaves and arrives: it is taken once.
 */
export const chooseAll: ChooseTaps = links => links.filter(({up}) => up).flatMap(tapOf);

/**
 * Every frame of a bridge once, where it enters: at a port when a container sends it, at the bridge's device when the host
 * does. The device alone sees only what goes to the host; made promiscuous it would see all, but the bridge would then
 * pass a copy of every frame up the host's stack. A device that is no bridge is taken as it is.
 */
export function chooseBridge(device: string): ChooseTaps {
  return links => {
    const bridge = links.find(({name}) => name === device);
    if (bridge === undefined) return [];
    if (bridge.kind !== 'bridge') return tapOf(bridge);
    const ports = links.filter(({masterIndex, up}) => up && masterIndex === bridge.index);
    return [
      ...tapOf(bridge).map(tap => ({...tap, direction: 'out' as const})),
      ...ports.flatMap(tapOf).map(tap => ({...tap, direction: 'in' as const})),
    ];
  };
}

function tapOf(link: TappedLink): readonly Tap[] {
  const type = etherTypes.includes(link.hardwareType)
    ? 'ethernet'
    : rawTypes.includes(link.hardwareType)
      ? 'raw'
      : null;
  if (type === null) return [];
  return [{link, type, direction: link.hardwareType === loopbackType ? 'in' : 'both'}];
}
