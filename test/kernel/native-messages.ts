/** Just enough netlink to ask a kernel: include/uapi/linux/netlink.h, rtnetlink.h, if_addr.h. */
export const RTM_NEWLINK = 16;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_REQUEST = 1;
export const NLM_F_ACK = 4;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;
export const RTNLGRP_LINK = 1;
export const RTNLGRP_IPV4_IFADDR = 5;
export const IFF_UP = 1;

/** struct nlmsghdr and what follows it. */
export function message(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + payload.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(NLM_F_REQUEST | flags, 6);
  return Buffer.concat([header, payload]);
}

/** struct ifinfomsg */
export function link(index: number, flags = 0): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(index, 4);
  bytes.writeUInt32LE(flags, 8);
  bytes.writeUInt32LE(flags, 12);
  return bytes;
}

/** struct ifaddrmsg and IFA_LOCAL: 127.1.x.y/32 on lo. */
export const address = (n: number): Buffer =>
  Buffer.from([2, 32, 0, 254, 1, 0, 0, 0, 8, 0, 2, 0, 127, 1, n >> 8, n & 0xff]);

export const getLo = message(RTM_GETLINK, 0, link(1));
export const allLinks = message(RTM_GETLINK, NLM_F_DUMP, link(0));
/** Without NLM_F_ACK a request that succeeds has no answer. */
export const unanswered = message(RTM_NEWLINK, 0, link(1, IFF_UP));

export const types = (datagrams: readonly Uint8Array[]): number[] => {
  const found: number[] = [];
  for (const datagram of datagrams) {
    const bytes = Buffer.from(datagram);
    for (let at = 0; at < bytes.length; at += (bytes.readUInt32LE(at) + 3) & ~3) found.push(bytes.readUInt16LE(at + 4));
  }
  return found;
};
