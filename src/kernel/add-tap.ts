import {closeSync, constants} from 'node:fs';
import {KernelError, TnetError} from '../errors.ts';
import type {ApplyParts} from './apply.ts';
import type {LinkItem, NamespacePath, TapDetail} from './item.ts';

/** include/uapi/linux/if_tun.h. Frames as they are, with a virtio header; never one that is there already. */
const IFF_TAP = 0x0002;
const IFF_MULTI_QUEUE = 0x0100;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const IFF_TUN_EXCL = 0x8000;

const ENOENT = 2;
const ENODEV = 19;

/** Like `ip tuntap add NAME mode tap vnet_hdr [multi_queue] [user N] [group N]`: it stays without a program that has it open. Atomic. */
export function makeTap(
  {native, sockets}: Pick<ApplyParts, 'native' | 'sockets'>,
  {ns, name}: Pick<LinkItem, 'name'> & {readonly ns: NamespacePath},
  {multiQueue, owner, group}: TapDetail,
): void {
  const flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL | (multiQueue ? IFF_MULTI_QUEUE : 0);
  try {
    const fd = native.openFile('/dev/net/tun', constants.O_RDWR, sockets.netnsFd(ns));
    try {
      // As signed: the highest ids would be negative, and the very highest is none.
      native.makeTun(fd, name, flags, [owner ?? -1, group ?? -1]);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw told(name, cause as NodeJS.ErrnoException);
  }
}

function told(name: string, cause: NodeJS.ErrnoException): Error {
  if (cause instanceof KernelError) return cause; // the namespace is gone
  const errno = Math.abs(cause.errno ?? 0);
  if (errno === ENOENT || errno === ENODEV)
    return new TnetError(
      'ERR_UNSUPPORTED',
      `Cannot add link "${name}": this host has no /dev/net/tun that works (CONFIG_TUN; modprobe tun)`,
      {cause},
    );
  return new KernelError(`Cannot add link "${name}": ${cause.message}`, {errno, cause});
}
