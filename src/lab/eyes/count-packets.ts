import {closeSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import type {LinkInfo} from '../../kernel/netlink/link.ts';
import {compileFilter} from '../../kernel/pcap-filter/compile.ts';
import {parseFilter} from '../../kernel/pcap-filter/parse.ts';
import {encodeProgram} from '../../kernel/pcap-filter/program.ts';
import type {Standpoint} from './open-eyes.ts';

export interface CountSpec extends Standpoint {
  readonly links: readonly LinkInfo[];
  readonly dev: string;
  readonly filter: string;
}

/** After the job: a packet that was forwarded for it may still be on its last link. */
const graceMs = 20;

/** How many packets the filter took on an interface, in both directions, while the job ran; 0 where there is no such interface. */
export async function countPackets(
  {native, netnsFd, links, dev, filter}: CountSpec,
  job: () => Promise<unknown>,
): Promise<number> {
  const link = links.find(({name}) => name === dev);
  if (link === undefined) return 0;
  const program = encodeProgram(compileFilter(parseFilter(filter), {link: 'ethernet', snaplen: 64, outgoing: false}));
  const fd = native.openPacket({ifindex: link.index, filter: program, bufferSize: 1 << 20, incoming: false}, netnsFd);
  try {
    await job();
    await sleep(graceMs);
    return Buffer.from(native.packetCounts(fd)).readUInt32LE(0);
  } finally {
    closeSync(fd);
  }
}
