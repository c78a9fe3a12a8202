import {ipFromNumber} from '../../model/ip.ts';

export function formatIpv4Address(packet: Buffer, at: number): string {
  return packet.subarray(at, at + 4).join('.');
}

export function formatIpv6Address(packet: Buffer, at: number): string {
  return ipFromNumber(BigInt(`0x${packet.toString('hex', at, at + 16)}`), 6);
}

export function formatMac(packet: Buffer, at: number): string {
  return [...packet.subarray(at, at + 6)].map(byte => byte.toString(16).padStart(2, '0')).join(':');
}
