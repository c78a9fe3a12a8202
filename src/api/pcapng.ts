/** Numbers of pcapng, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html, for who writes and who reads it. */
export const blockTypes = {section: 0x0a0d0d0a, interface: 1, statistics: 5, packet: 6} as const;
export const byteOrderMagic = 0x1a2b3c4d;
/** Type and length, which stands at the end again. */
export const blockHead = 8;
export const blockTail = 4;

export const options = {
  end: 0,
  comment: 1,
  sectionApplication: 4,
  interfaceName: 2,
  interfaceDescription: 3,
  interfaceMac: 6,
  interfaceResolution: 9,
  interfaceFilter: 11,
  packetFlags: 2,
  statisticsReceived: 6,
  statisticsDropped: 7,
} as const;

/** https://www.tcpdump.org/linktypes.html */
export const linkTypes = {ethernet: 1, raw: 101} as const;

export const captureContentType = 'application/vnd.tcpdump.pcap';
