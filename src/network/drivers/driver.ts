import type {Item, LinkItem} from '../../kernel/item.ts';
import type {Attachment} from '../../model/attachment.ts';
import type {Family} from '../../model/ip.ts';
import {type Mac, parseMac} from '../../model/mac.ts';
import type {Network} from '../../model/network.ts';

/** What an attachment is among those of its sandbox. */
export interface Role {
  /** Families whose default route leads through it. */
  readonly defaultRoutes: readonly Family[];
  /** Published ports end here. */
  readonly published: boolean;
}

/** Turns words into kernel items. Pure: never executes, never reads. */
export interface Driver {
  /** Throws ERR_BAD_REQUEST for what this driver cannot do, ERR_CONFLICT for what it cannot do beside `others`. */
  validate(network: Network, others: readonly Network[]): void;
  /** Throws ERR_CONFLICT when the network takes no attachment besides `attached`, ERR_BAD_REQUEST when it cannot have the MAC asked for. */
  validateAttachment?(network: Network, attached: readonly Attachment[], mac: Mac | null): void;
  /** What the network itself needs on the host. */
  planNetwork(network: Network): readonly Item[];
  /** What one attachment adds to it, on the host and in the sandbox; the sandbox exists. */
  planAttachment(network: Network, attachment: Attachment, role: Role): readonly Item[];
}

/** "tn" in the high half of IFLA_GROUP marks a link as ours; the low half is the network's index. */
export const linkGroupBase = 0x746e_0000;

export function linkGroup(network: Network): number {
  return linkGroupBase | network.index;
}

export function isOurGroup(group: number): boolean {
  return (group & 0xffff_0000) === linkGroupBase;
}

/** Of the end on the host of a veth pair. Never one that starts as those of sandboxes do (model/mac.ts): a bridge would keep their frames for itself. */
export function hostMac({id}: Pick<Attachment, 'id'>): Mac {
  return parseMac(`0a:${id.slice(-10).replace(/..(?!$)/g, '$&:')}`);
}

/** A link without anything special. */
export const plainLink: Omit<LinkItem, 'name' | 'type'> = {
  kind: 'link',
  up: true,
  group: 0,
  mtu: null,
  mac: null,
  altname: null,
  master: null,
  hairpin: false,
  isolated: false,
  peer: null,
};
