import {randomBytes} from 'node:crypto';
import type {Command} from 'commander';
import {chooseSink, reportCapture, type SinkOptions} from '../capture/choose-sink.ts';
import {endings} from '../capture/endings.ts';
import {receiveCapture} from '../capture/receive.ts';
import type {Context} from '../context.ts';
import {parseNatural, parseSeconds} from '../parse-natural.ts';

interface CaptureOptions extends SinkOptions {
  readonly count?: number;
  readonly duration?: number;
  readonly snaplen?: number;
  readonly interface?: string;
  readonly type?: string;
}

const examples = `
Examples:
  tnet capture web                                print the packets of container web
  tnet capture web -w web.pcapng tcp port 80      to a file
  tnet capture -c 10 --print bridge host 172.17.0.2 and not arp
  tnet capture web | wireshark -k -i -

The filter is pcap-filter(7)'s: host, net, port, portrange with src and dst, tcp udp icmp icmp6 arp ip ip6 sctp,
ether host, broadcast, multicast, less, greater; and, or, not, parentheses (quoted for the shell). The kernel applies it.
A network is captured on the host: each frame once, where it enters the bridge. Ctrl-C ends it with the counts.`;

export function registerCapture(program: Command, context: Context): void {
  program
    .command('capture')
    .description('capture the packets of a container, or of a whole network')
    .argument('<container|network>')
    .argument('[filter...]', 'what to capture, as for tcpdump')
    .option('-w, --write <file>', 'write pcapng to this file, or to standard output for -')
    .option('--print', 'print one line a packet (what happens on a terminal)')
    .option('-c, --count <n>', 'end after so many packets', parseNatural)
    .option('--duration <seconds>', 'end after so long', parseSeconds)
    .option('-s, --snaplen <bytes>', 'keep so much of each packet', parseNatural)
    .option('-i, --interface <name>', 'on this interface only')
    .option('--type <type>', 'container or network, when a name is both')
    .addHelpText('after', examples)
    .action((target: string, filter: string[], options: CaptureOptions) =>
      capture(context, {target, filter: filter.join(' ')}, options),
    );
}

interface What {
  readonly target: string;
  readonly filter: string;
}

async function capture(context: Context, what: What, options: CaptureOptions): Promise<void> {
  const open = chooseSink(context, options);
  const client = await context.connect();
  const id = randomBytes(16).toString('hex');
  const {count, snaplen, type} = options;
  const query = {...what, id, count, snaplen, type, interface: options.interface};
  const chunks = await client.stream('GET', '/tnet/capture', {query});
  const cut = (): void => {
    chunks.destroy();
    context.io.stdout.destroy(); // its reader may be why nothing moves
  };
  const ask = (): void => void client.call('DELETE', `/tnet/captures/${id}`).catch(() => {}); // it has just ended
  const ends = endings({durationMs: (options.duration ?? 0) * 1000, ask, cut});
  try {
    const sink = open();
    const received = await receiveCapture(chunks, sink).finally(sink.close);
    reportCapture(context, received);
  } finally {
    ends.cancel();
    chunks.destroy();
  }
}
