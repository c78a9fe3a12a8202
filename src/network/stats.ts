import type {Kernel} from '../kernel/kernel.ts';
import type {QueuedLinkStats} from '../kernel/link-stats.ts';
import type {NftCounter, NftElement} from '../kernel/netlink/nftables/types.ts';
import type {Attachment} from '../model/attachment.ts';
import {familiesOf, isAnyHost, type PortMapping} from '../model/port-mapping.ts';
import {ifbName} from './drivers/bandwidth.ts';
import {mapElements} from './firewall/nft.ts';
import {trafficElements} from './firewall/traffic.ts';

/** Packets and bytes of one direction. A GSO packet, up to 64 KiB that were never cut, counts as one. */
export type Traffic = NftCounter;

/** Of one published mapping, a range as a whole: `received` from its clients, `sent` back to them, IP headers included. */
export interface PortStats {
  readonly mapping: PortMapping;
  readonly connections: number;
  readonly received: Traffic;
  readonly sent: Traffic;
}

/** Seen from the container, since the attachment was made; Ethernet headers included. */
export interface AttachmentStats {
  readonly attachment: Attachment;
  readonly received: Traffic;
  readonly sent: Traffic;
  readonly errors: number;
  /** By the link, and by the bandwidth limits of both directions. */
  readonly dropped: number;
  readonly ports: readonly PortStats[];
}

const nothing: Traffic = {packets: 0, bytes: 0};
const idle: QueuedLinkStats = {
  rxPackets: 0,
  txPackets: 0,
  rxBytes: 0,
  txBytes: 0,
  rxErrors: 0,
  txErrors: 0,
  rxDropped: 0,
  txDropped: 0,
  queueDropped: 0,
};

/** Counters of attachments, in their order; zero for those whose link is not there. A few dumps, whatever their number. */
export function readStats(
  kernel: Pick<Kernel, 'linkStats' | 'counters'>,
  attachments: readonly Attachment[],
): readonly AttachmentStats[] {
  const links = kernel.linkStats(attachments.flatMap(({hostIfname}) => [hostIfname, ifbName(hostIfname)]));
  const published = attachments.some(({ports}) => ports.length > 0);
  const count = counterOf(published ? kernel.counters() : []);
  return attachments.map(attachment => attachmentStats(attachment, links, count));
}

/** The host end receives what the container sends. */
function attachmentStats(
  attachment: Attachment,
  links: ReadonlyMap<string, QueuedLinkStats>,
  count: (element: ElementName) => Traffic,
): AttachmentStats {
  const {hostIfname, ports} = attachment;
  const host = links.get(hostIfname) ?? idle;
  const egress = links.get(ifbName(hostIfname)) ?? idle;
  return {
    attachment,
    received: {packets: host.txPackets, bytes: host.txBytes},
    sent: {packets: host.rxPackets, bytes: host.rxBytes},
    errors: host.rxErrors + host.txErrors,
    dropped: host.rxDropped + host.txDropped + host.queueDropped + egress.queueDropped,
    ports: ports.map(mapping => portStats(mapping, count)),
  };
}

function portStats(mapping: PortMapping, count: (element: ElementName) => Traffic): PortStats {
  const of = (direction: string): Traffic =>
    sum(
      trafficElements(mapping)
        .filter(({fields}) => fields[2] === direction)
        .map(count),
    );
  return {mapping, connections: connections(mapping, count), received: of('original'), sent: of('reply')};
}

function sum(all: readonly Traffic[]): Traffic {
  return all.reduce((a, b) => ({packets: a.packets + b.packets, bytes: a.bytes + b.bytes}), nothing);
}

/** Only the first packet of a connection looks into the maps that publish. */
function connections(mapping: PortMapping, count: (element: ElementName) => Traffic): number {
  const hostIp = isAnyHost(mapping) ? null : mapping.hostIp;
  return sum(familiesOf(mapping).flatMap(family => mapElements({...mapping, hostIp, family}).map(count))).packets;
}

type ElementName = Pick<NftElement, 'set' | 'fields'>;

function counterOf(elements: readonly NftElement[]): (element: ElementName) => Traffic {
  const key = ({set, fields}: ElementName): string => `${set} ${fields.join(' ')}`;
  const counters = new Map(elements.map(element => [key(element), element.counter ?? nothing]));
  return element => counters.get(key(element)) ?? nothing;
}
