import {type NetlinkMessage, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST} from './message.ts';
import {
  filterFormat,
  ingressHandle,
  RTM_DELTFILTER,
  RTM_GETTFILTER,
  RTM_NEWTFILTER,
  u32Format,
} from './traffic-control.ts';

export interface RedirectSpec {
  readonly index: number;
  /** ifindex of the link whose egress queue takes every packet instead. */
  readonly target: number;
}

export interface RedirectInfo {
  readonly index: number;
  /** 0 when that link is gone: then the kernel drops what it cannot redirect. */
  readonly target: number;
}

/** The priority of our filter, and with it our mark, like protocol 84 of routes. */
const priority = 84;
/** ETH_P_ALL in network order. */
const allProtocols = 0x0300;
const info = (priority << 16) | allProtocols;
/** include/uapi/linux/pkt_cls.h TC_ACT_STOLEN, tc_mirred.h TCA_EGRESS_REDIR */
const actionStolen = 4;
const egressRedirect = 1;
/** struct tc_u32_sel and one struct tc_u32_key, all zero but TC_U32_TERMINAL and the number of keys: everything matches. */
const everything = Uint8Array.from({length: 32}, (_, i) => (i === 0 || i === 2 ? 1 : 0));

/**
 * Like `tc filter add dev LINK parent ffff: protocol all pref 84 u32 match u32 0 0 action mirred egress redirect dev IFB`.
 * u32 and not matchall: it is older and every kernel with traffic control has it. The ingress qdisc must be there.
 */
export function newRedirect({index, target}: RedirectSpec): NetlinkMessage {
  const parameters = {action: actionStolen, egressAction: egressRedirect, target, attributes: {}};
  const payload = filterFormat.encode({
    index,
    parent: ingressHandle,
    info,
    attributes: {
      kind: 'u32',
      options: u32Format.encode({
        attributes: {actions: [{kind: 'mirred', options: {parameters}}], selector: everything},
      }),
    },
  });
  return {type: RTM_NEWTFILTER, flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, payload};
}

/** Like `tc filter del dev LINK parent ffff: pref 84`. ENOENT, or EINVAL without the ingress qdisc. */
export function delRedirect(index: number): NetlinkMessage {
  const payload = filterFormat.encode({index, parent: ingressHandle, info, attributes: {}});
  return {type: RTM_DELTFILTER, flags: NLM_F_REQUEST, payload};
}

/** Like `tc filter show dev LINK parent ffff:`. */
export function dumpFilters(index: number): NetlinkMessage {
  const payload = filterFormat.encode({index, parent: ingressHandle, attributes: {}});
  return {type: RTM_GETTFILTER, flags: NLM_F_REQUEST | NLM_F_DUMP, payload};
}

/** Decodes RTM_NEWTFILTER; null for what is not ours, and for u32's own tables, which dumps list too. */
export function decodeRedirect({payload}: {readonly payload: Uint8Array}): RedirectInfo | null {
  const {index, info: filterInfo, attributes} = filterFormat.decode(payload);
  if (filterInfo !== info || attributes.kind !== 'u32' || attributes.options === undefined) return null;
  const [action] = u32Format.decode(attributes.options).attributes.actions ?? [];
  return action?.kind === 'mirred' ? {index, target: action.options?.parameters?.target ?? 0} : null;
}
