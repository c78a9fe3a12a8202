import {all, always, type Condition, equal, load, packetTypeOffset} from './condition.ts';
import {conditionOf, type LinkType} from './condition-of.ts';
import type {Filter} from './filter.ts';
import {encodeProgram, type Instruction, programOf} from './program.ts';

export interface CompileOptions {
  readonly link: LinkType;
  /** Bytes kept of a packet. */
  readonly snaplen: number;
  /** Only what this host sends through the interface. The other way the socket itself ignores what leaves. */
  readonly outgoing: boolean;
}

/** PACKET_OUTGOING of include/uapi/linux/if_packet.h */
const packetOutgoing = 4;

/** Classic BPF for a socket: `tcpdump -ddd` of ours. Throws RangeError when the filter is too long for the kernel. */
export function compileFilter(filter: Filter, {link, snaplen, outgoing}: CompileOptions): readonly Instruction[] {
  const leaving: Condition = outgoing ? equal(packetOutgoing, load(packetTypeOffset, 1)) : always;
  return programOf(all(leaving, conditionOf(filter, link)), snaplen);
}

export function encodeFilter(filter: Filter, options: CompileOptions): Uint8Array {
  return encodeProgram(compileFilter(filter, options));
}
