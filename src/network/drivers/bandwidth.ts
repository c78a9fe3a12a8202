import type {Item} from '../../kernel/item.ts';
import {type Bandwidth, bucketLimit} from '../../model/bandwidth.ts';
import {plainLink} from './driver.ts';

/**
 * What limits an attachment takes, seen from the container: a token bucket on the host end for what it receives, and for
 * what it sends an ifb whose bucket everything from the host end has to pass before the bridge sees it. All of it is on
 * the host, where a container cannot undo it. `group` is the network's link group, by which repair finds the ifb.
 */
export function planBandwidth(hostIfname: string, bandwidth: Bandwidth, group: number): readonly Item[] {
  const {ingressBitsPerS, ingressBurstBytes, egressBitsPerS, egressBurstBytes} = bandwidth;
  return [
    ...(ingressBitsPerS === null ? [] : [bucket(hostIfname, ingressBitsPerS, ingressBurstBytes)]),
    ...(egressBitsPerS === null
      ? []
      : planEgress(hostIfname, bucket(ifbName(hostIfname), egressBitsPerS, egressBurstBytes), group)),
  ];
}

/** `vethd3adb33` has `ifbd3adb33`. */
export function ifbName(hostIfname: string): string {
  return `ifb${hostIfname.replace(/^veth/, '')}`.slice(0, 15);
}

/** The redirection comes last: until then packets pass, and at no time they fall into a link that is not there. */
function planEgress(hostIfname: string, limit: Item, group: number): readonly Item[] {
  const ifb = ifbName(hostIfname);
  return [
    {...plainLink, ns: '', name: ifb, type: 'ifb', group},
    limit,
    {ns: '', kind: 'qdisc', type: 'ingress', link: hostIfname},
    {ns: '', kind: 'filter', link: hostIfname, redirectTo: ifb},
  ];
}

function bucket(link: string, rateBitsPerS: number, burstBytes: number): Item {
  const limitBytes = bucketLimit(rateBitsPerS, burstBytes);
  return {ns: '', kind: 'qdisc', type: 'tbf', link, rateBitsPerS, burstBytes, limitBytes};
}
