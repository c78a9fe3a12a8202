import {text} from 'node:stream/consumers';
import {type Command, InvalidArgumentError} from 'commander';
import {ApiError} from '../../api/api-error.ts';
import type {ErrorCode} from '../../errors.ts';
import {parseTraceTarget, type TraceAnswer, type TraceReport, type TraceRequest} from '../../model/trace.ts';
import type {Context} from '../context.ts';
import {formatTrace} from '../format-trace.ts';

interface TraceOptions {
  readonly follow?: boolean;
  readonly timeout?: number;
  readonly json?: boolean;
  readonly ipv6?: boolean;
}

export function registerTrace(program: Command, context: Context): void {
  program
    .command('trace')
    .description('send one packet and tell its way: links, rules, routes, and who took or dropped it')
    .argument('<from>', 'a running container, or host')
    .argument('<to>', 'a container, host, localhost or an address, with :PORT[/udp]; without a port an ICMP echo')
    .option('-f, --follow', 'send nothing: wait for the next such packet of real traffic')
    .option(
      '--timeout <seconds>',
      'how long to wait for the answer (4, udp 1), or with -f for a packet (60)',
      parseSeconds,
    )
    .option('-6, --ipv6', 'to the IPv6 address of a container or the host')
    .option('--json', 'for programs')
    .addHelpText('after', help)
    .action(async (from: string, to: string, options: TraceOptions) => {
      const report = await trace(toRequest(from, to, options), context);
      context.print(options.json ? JSON.stringify(report, null, 2) : formatTrace(report, context.io.stdout));
      context.exitWith(report.outcome === 'delivered' ? 0 : 1);
    });
}

const help = `
Exit codes: 0 delivered, 1 not, 125 tnet could not trace.

Examples:
  tnet trace client web:80
  tnet trace host localhost:8080
  tnet trace web 10.0.0.1:53/udp
  tnet trace --follow client web:80`;

function toRequest(from: string, to: string, {follow = false, timeout, ipv6}: TraceOptions): TraceRequest {
  // A host that is not there is told after 3 s of asking for its MAC address; a datagram need not be answered at all.
  const patience = follow ? 60 : parseTraceTarget(to).proto === 'udp' ? 1 : 4;
  return {from, to, follow, timeoutMs: Math.round((timeout ?? patience) * 1000), family: ipv6 ? 6 : null};
}

/** Not Client.call(): the daemon begins to answer before it knows whether it can. */
async function trace(body: TraceRequest, context: Context): Promise<TraceReport> {
  const client = await context.connect();
  const answer = JSON.parse(await text(await client.stream('POST', '/tnet/trace', {body}))) as TraceAnswer;
  if ('report' in answer) return answer.report;
  const {message, code} = answer.error;
  throw new ApiError(message, {status: 500, code: code as ErrorCode});
}

function parseSeconds(value: string): number {
  const seconds = Number(value || Number.NaN);
  if (!(seconds > 0 && seconds <= 3600)) throw new InvalidArgumentError('Want seconds, up to 3600.');
  return seconds;
}
