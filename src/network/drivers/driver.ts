import type {Item} from '../../kernel/item.ts';
import type {Attachment} from '../../model/attachment.ts';
import type {Network} from '../../model/network.ts';

/** Turns words into kernel items. Pure: never executes, never reads. */
export interface Driver {
  /** Throws ERR_BAD_REQUEST for what this driver cannot do, ERR_CONFLICT for what it cannot do beside `others`. */
  validate(network: Network, others: readonly Network[]): void;
  /** Throws ERR_CONFLICT when the network takes no further attachment. */
  validateAttachment?(network: Network, attached: readonly Attachment[]): void;
  /** What the network itself needs on the host. */
  planNetwork(network: Network): readonly Item[];
  /** What one attachment adds to it, on the host and in the sandbox; the sandbox exists. */
  planAttachment(network: Network, attachment: Attachment): readonly Item[];
}

/** "tn" in the high half of IFLA_GROUP marks a link as ours; the low half is the network's index. */
export const linkGroupBase = 0x746e_0000;

export function linkGroup(network: Network): number {
  return linkGroupBase | network.index;
}

export function isOurGroup(group: number): boolean {
  return (group & 0xffff_0000) === linkGroupBase;
}
