import type {Instruction} from '../../../src/kernel/pcap-filter/program.ts';

/**
 * Runs classic BPF on a packet as the kernel does: a load outside of it ends with 0. bpf(4), bpf_common.h. Returns the
 * bytes kept. `packetType` is what the ancillary load SKF_AD_PKTTYPE finds.
 */
export function interpret(program: readonly Instruction[], packet: Buffer, packetType = 0): number {
  let [a, x] = [0, 0];
  for (let at = 0; at < program.length; at++) {
    const {code, k, jt, jf} = program[at]!;
    const operation = code & 0xf0;
    const skip = (yes: boolean): number => (yes ? jt : jf);
    if ((code & 7) === 6) return k;
    if ((code & 7) === 5) {
      if (operation === 0x00) at += k;
      else if (operation === 0x10) at += skip(a === k);
      else if (operation === 0x20) at += skip(a > k);
      else if (operation === 0x30) at += skip(a >= k);
      else if (operation === 0x40) at += skip((a & k) !== 0);
    } else if (code === 0x54) a = (a & k) >>> 0;
    else if (code === 0x80) a = packet.length;
    else if (code === 0x30 && k === 0xfffff004) a = packetType;
    else {
      const bytes = [4, 2, 1][(code >> 3) & 3]!;
      const offset = (code & 0xe0) === 0x40 ? x + k : k;
      if (offset + bytes > packet.length) return 0;
      const value = packet.readUIntBE(offset, bytes);
      if ((code & 0xe0) === 0xa0) x = 4 * (value & 15);
      else if ((code & 7) === 0) a = value;
      else throw new Error(`instruction ${code.toString(16)} is unknown`);
    }
  }
  throw new Error('the program ran out of its end');
}
