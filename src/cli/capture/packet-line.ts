import type {Packet} from '../../api/pcapng-decode.ts';
import {formatMac} from './addresses.ts';
import {formatArp, formatIp} from './ip-line.ts';

/** The interface a packet came by, as the capture describes it. */
export interface SeenBy {
  readonly name: string;
  readonly type: 'ethernet' | 'raw' | null;
}

/**
 * A packet as `tcpdump -n` prints it: `10:00:00.000001 eth0  In  IP 172.17.0.2.40000 > 172.17.0.3.80: Flags [S], seq 1,
 * win 64240, length 0`. Everything is a number or a word of ours, so nothing a container sends reaches the terminal.
 */
export function formatPacket(packet: Packet, by: SeenBy | undefined): string {
  const direction = packet.direction === 'in' ? 'In ' : packet.direction === 'out' ? 'Out' : '?  ';
  const what = by?.type === 'raw' ? formatRaw(packet.frame) : formatEthernet(packet);
  return `${formatTime(packet.time)} ${printable(by?.name ?? '?')} ${direction} ${what}`;
}

/** Local time, as tcpdump's, in microseconds. */
function formatTime(time: bigint): string {
  const date = new Date(Number(time / 1_000_000n));
  const micros = String((time / 1000n) % 1_000_000n).padStart(6, '0');
  return `${[date.getHours(), date.getMinutes(), date.getSeconds()].map(n => String(n).padStart(2, '0')).join(':')}.${micros}`;
}

/** dev_valid_name() lets any byte but "/", ":" and white space into the name of an interface. */
export function printable(name: string): string {
  return name.replace(/[^\x21-\x7e]/g, '?');
}

function formatRaw(frame: Buffer): string {
  return formatIp(frame, (frame[0] ?? 0) >> 4 === 6 ? 6 : 4);
}

function formatEthernet({frame, length}: Packet): string {
  if (frame.length < 14) return `[|ether], length ${length}`;
  const tagged = frame.readUInt16BE(12) === 0x8100 && frame.length >= 18;
  const at = tagged ? 16 : 12;
  const tag = tagged ? `vlan ${frame.readUInt16BE(14) & 0xfff}, ` : '';
  const [type, payload] = [frame.readUInt16BE(at), frame.subarray(at + 2)];
  if (type === 0x0800) return `${tag}${formatIp(payload, 4)}`;
  if (type === 0x86dd) return `${tag}${formatIp(payload, 6)}`;
  if (type === 0x0806) return `${tag}${formatArp(payload)}`;
  return `${tag}${formatMac(frame, 6)} > ${formatMac(frame, 0)}, ethertype 0x${type.toString(16).padStart(4, '0')}, length ${length}`;
}
