import {format} from '../format.ts';
import {type NetlinkMessage, NLM_F_REQUEST} from '../message.ts';
import {NFNL_SUBSYS_NFTABLES, nfgenmsg} from './message.ts';

const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;

/** The brackets of a transaction: the kernel applies what is between them as a whole, or nothing. One datagram. */
export function inBatch(messages: readonly NetlinkMessage[]): NetlinkMessage[] {
  return [bracket(NFNL_MSG_BATCH_BEGIN), ...messages, bracket(NFNL_MSG_BATCH_END)];
}

function bracket(type: number): NetlinkMessage {
  const payload = format(nfgenmsg, {}).encode({resourceId: NFNL_SUBSYS_NFTABLES, attributes: {}});
  return {type, flags: NLM_F_REQUEST, payload};
}
