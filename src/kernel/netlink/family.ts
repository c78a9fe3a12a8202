/** include/linux/socket.h */
export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const AF_INET6 = 10;

/** Of an address, a prefix, or model's 4 | 6. */
export function familyOf(address: string | 4 | 6): number {
  return address === 6 || (typeof address === 'string' && address.includes(':')) ? AF_INET6 : AF_INET;
}
