import {setTimeout as sleep} from 'node:timers/promises';
import {type Command, Option} from 'commander';
import type {Client} from '../../api/client.ts';
import type {AttachmentStats, PortCounters, Stats} from '../../api/stats-types.ts';
import type {Context} from '../context.ts';
import {bracket} from '../format-ports.ts';
import {formatBytes, formatCount} from '../format-units.ts';
import {redraw} from '../redraw.ts';
import {type Column, formatTable} from '../table.ts';

interface StatsOptions {
  readonly stream: boolean;
  readonly ports?: boolean;
  readonly json?: boolean;
  readonly format?: 'json' | 'table';
}

const intervalMs = 1000;

export function registerNetworkStats(network: Command, context: Context): void {
  network
    .command('stats')
    .description('what attachments and ports carry')
    .argument('[name...]', 'networks and containers; all without')
    .option('--no-stream', 'print once')
    .option('--ports', 'one row a published port')
    .option('--json', 'counters once, one JSON object an attachment and line')
    .addOption(new Option('--format <format>', 'the same as --json when it is json').choices(['json', 'table']))
    .addHelpText('after', '\nExamples:\n  tnet network stats\n  tnet network stats --no-stream --ports web')
    .action(async (names: string[], options: StatsOptions) => {
      const client = await context.connect();
      if (options.json || options.format === 'json') printJson(await read(client, names), context);
      else await show(() => read(client, names), options, context);
    });
}

function read(client: Client, names: readonly string[]): Promise<Stats> {
  const query = names.map(name => `name=${encodeURIComponent(name)}`).join('&');
  return client.call<Stats>('GET', `/tnet/stats${query === '' ? '' : `?${query}`}`);
}

function printJson({Attachments}: Stats, context: Context): void {
  for (const attachment of Attachments) context.print(JSON.stringify(attachment));
}

/** Rates need two readings, so even one table takes a second. Ends with the process, or when the terminal is gone. */
async function show(next: () => Promise<Stats>, {stream, ports}: StatsOptions, context: Context): Promise<void> {
  const {stdout} = context.io;
  const table = (now: Stats, before: Stats): string => (ports ? portTable : attachmentTable)(now, before, context);
  const live = stream && stdout.isTTY === true;
  let before = await next();
  if (live) redraw(table(before, before), context);
  for (;;) {
    await sleep(intervalMs);
    const now = await next();
    if (!live) return context.print(table(now, before));
    redraw(table(now, before), context);
    if (!stdout.writable) return;
    before = now;
  }
}

const figures: readonly Column[] = ['RX', 'TX', 'RX/S', 'TX/S', 'PKTS'].map(title => ({title}));

function attachmentTable(now: Stats, before: Stats, {io}: Context): string {
  const columns = [
    {title: 'NAME', shrinksTo: 6},
    {title: 'NETWORK', shrinksTo: 6},
    {title: 'IFACE', shrinksTo: 5},
    ...figures,
    {title: 'DROPS'},
  ];
  const rows = now.Attachments.map(each => [
    each.Name,
    each.Network,
    each.Interface,
    ...cells(each, find(before, each), now.ReadMs - before.ReadMs),
    formatCount(each.Drops),
  ]);
  return formatTable(columns, rows, io.stdout);
}

function portTable(now: Stats, before: Stats, {io}: Context): string {
  const columns = [{title: 'NAME', shrinksTo: 6}, {title: 'PORT', shrinksTo: 8}, {title: 'CONNS'}, ...figures];
  const rows = now.Attachments.flatMap(attachment =>
    attachment.Ports.map((port, i) => [
      attachment.Name,
      formatPort(port),
      formatCount(port.Connections),
      ...cells(port, find(before, attachment)?.Ports[i], now.ReadMs - before.ReadMs),
    ]),
  );
  return formatTable(columns, rows, io.stdout);
}

type Figures = Pick<PortCounters, 'RxBytes' | 'TxBytes' | 'RxPackets' | 'TxPackets'>;

/** What is new has no rate yet; one whose counters began again has none either. */
function cells(now: Figures, before: Figures | undefined, elapsedMs: number): readonly string[] {
  const rate = (key: 'RxBytes' | 'TxBytes'): string => {
    const bytes = before === undefined || elapsedMs <= 0 ? 0 : now[key] - before[key];
    return formatBytes(Math.max(0, (bytes * 1000) / Math.max(1, elapsedMs)));
  };
  const packets = formatCount(now.RxPackets + now.TxPackets);
  return [formatBytes(now.RxBytes), formatBytes(now.TxBytes), rate('RxBytes'), rate('TxBytes'), packets];
}

function find({Attachments}: Stats, {EndpointID}: AttachmentStats): AttachmentStats | undefined {
  return Attachments.find(each => each.EndpointID === EndpointID);
}

/** `8080->80/tcp`, `127.0.0.1:5353->53/udp` */
function formatPort({Proto, HostIp, HostPort, ContainerPort}: PortCounters): string {
  return `${HostIp === '' ? '' : `${bracket(HostIp)}:`}${HostPort}->${ContainerPort}/${Proto}`;
}
