import {KernelError, TnetError} from '../errors.ts';
import type {NamespacePath, Op, PortVlanItem} from './item.ts';
import {linkIndex} from './link-index.ts';
import {delVlans, setVlans} from './netlink/bridge-vlan.ts';
import type {Sockets} from './sockets.ts';

const ENOENT = 2;
const EOPNOTSUPP = 95;

type PortVlan = PortVlanItem & {readonly ns: NamespacePath};

export function applyPortVlan(sockets: Sockets, verb: Op['do'], item: PortVlan): void {
  const {ns, link, first, last, membership, self} = item;
  if (verb === 'del' && membership === 'none') return;
  const vlans = {index: linkIndex(sockets, ns, link), first, last, self};
  const isLeaving = verb === 'del' || membership === 'none';
  try {
    sockets
      .route(ns)
      .request(isLeaving ? delVlans(vlans) : setVlans(vlans, membership), `${verb} VLAN ${first}-${last} of "${link}"`);
  } catch (cause) {
    const errno = cause instanceof KernelError ? cause.errno : 0;
    if (isLeaving && errno === ENOENT) return;
    throw errno === EOPNOTSUPP ? filtersNone(`set VLANs of "${link}"`, cause) : cause;
  }
}

export function filtersNone(what: string, cause: unknown): TnetError {
  return new TnetError(
    'ERR_UNSUPPORTED',
    `Cannot ${what}: bridges of this kernel filter no VLANs (CONFIG_BRIDGE_VLAN_FILTERING)`,
    {cause},
  );
}
