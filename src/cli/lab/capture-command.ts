import type {Command} from 'commander';
import {captureNode} from '../../lab/capture-node.ts';
import {chooseSink, reportCapture, type SinkOptions} from '../capture/choose-sink.ts';
import {endings} from '../capture/endings.ts';
import {receiveCapture} from '../capture/receive.ts';
import type {Context} from '../context.ts';
import {parseNatural, parseSeconds} from '../parse-natural.ts';
import {chooseLab, type LabOption, labOption} from './lab-context.ts';

interface CaptureOptions extends SinkOptions, LabOption {
  readonly count?: number;
  readonly duration?: number;
  readonly snaplen?: number;
}

const help = `
Examples:
  tnet lab capture c1                              print the packets of node c1
  tnet lab capture r1:eth1 -w r1.pcapng icmp       those of one interface, to a file
  tnet lab capture host:lan -c 10 arp              a bridge: each frame once, where it enters
  tnet lab capture c1 | wireshark -k -i -

The filter is pcap-filter(7)'s, as for \`tnet capture\`. Ctrl-C ends it with the counts.`;

/** MAXIMUM_SNAPLEN of libpcap: whole frames, and longer than any. */
const maxSnaplen = 262_144;

export function registerLabCapture(lab: Command, context: Context): void {
  lab
    .command('capture')
    .description('capture the packets of a node')
    .argument('<node[:interface]>', "a node, or host for the lab's host")
    .argument('[filter...]', 'what to capture, as for tcpdump')
    .addOption(labOption())
    .option('-w, --write <file>', 'write pcapng to this file, or to standard output for -')
    .option('--print', 'print one line a packet (what happens on a terminal)')
    .option('-c, --count <n>', 'end after so many packets', parseNatural)
    .option('--duration <seconds>', 'end after so long', parseSeconds)
    .option('-s, --snaplen <bytes>', 'keep so much of each packet', parseNatural)
    .addHelpText('after', help)
    .action((target: string, filter: readonly string[], options: CaptureOptions) =>
      capture(context, {target, filter: filter.join(' ')}, options),
    );
}

async function capture(
  context: Context,
  what: {readonly target: string; readonly filter: string},
  options: CaptureOptions,
): Promise<void> {
  const open = chooseSink(context, options);
  const record = chooseLab(context, options);
  const snaplen = Math.min(options.snaplen || maxSnaplen, maxSnaplen);
  const {chunks, stop, close} = captureNode({record, ...what, count: options.count || null, snaplen});
  const ends = endings({durationMs: (options.duration ?? 0) * 1000, ask: stop, cut: close});
  try {
    const sink = open();
    reportCapture(context, await receiveCapture(chunks, sink).finally(sink.close));
  } finally {
    ends.cancel();
    close();
  }
}
