import type {Command} from 'commander';
import type {NetworkResource, NetworksPruned} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {type DryRunOptions, dryRunOptions, printDryRun} from '../dry-run.ts';
import {forEachName} from '../each.ts';
import {type Filtered, filterQuery} from '../filter-query.ts';
import {type Listing, type ListOptions, listOptions, printListing, shortId} from '../listing.ts';
import {collect} from '../parse.ts';
import {printInspected} from './inspect.ts';
import {registerConnect, registerDisconnect} from './network-connect.ts';
import {registerCreate} from './network-create.ts';
import {registerLimit} from './network-limit.ts';
import {registerNetworkStats} from './network-stats.ts';

export function registerNetwork(program: Command, context: Context): void {
  const network = program.command('network').description('create, list, inspect, connect and remove networks');
  registerCreate(network, context);
  registerConnect(network, context);
  registerDisconnect(network, context);
  registerLimit(network, context);
  listOptions(network.command('ls'))
    .alias('list')
    .description('list networks')
    .option('-f, --filter <filter>', 'driver, id, label, name, type or dangling=value (repeatable)', collect)
    .addHelpText('after', '\nExamples:\n  tnet network ls\n  tnet network ls -q --filter type=custom')
    .action(async (options: ListOptions & Filtered) => {
      const client = await context.connect();
      const networks = await client.call<NetworkResource[]>('GET', '/networks', {query: filterQuery(options)});
      printListing(networks, listing(options), options, context);
    });
  registerPrune(network, context);
  registerNetworkStats(network, context);
  network
    .command('inspect')
    .description('print everything about networks')
    .argument('<network...>')
    .addHelpText('after', '\nExamples:\n  tnet network inspect bridge')
    .action((names: string[]) => printInspected(names, ['network'], context));
  dryRunOptions(network.command('rm'))
    .alias('remove')
    .description('remove networks')
    .argument('<network...>')
    .addHelpText('after', '\nExamples:\n  tnet network rm blue')
    .action(async (names: string[], {dryRun, json}: DryRunOptions) => {
      const client = await context.connect();
      const requests = names.map(name => ({method: 'DELETE', path: `/networks/${encodeURIComponent(name)}`}) as const);
      if (dryRun) return printDryRun(client, requests, {json, context});
      await forEachName(names, context, name =>
        client.call<undefined>('DELETE', `/networks/${encodeURIComponent(name)}`),
      );
    });
}

function registerPrune(network: Command, context: Context): void {
  dryRunOptions(network.command('prune'))
    .description('remove networks without containers')
    .option('--filter <filter>', 'label=value or label!=value (repeatable)', collect)
    .addHelpText('after', '\nExamples:\n  tnet network prune --filter label=test')
    .action(async (options: Filtered & DryRunOptions) => {
      const client = await context.connect();
      const query = filterQuery(options);
      if (options.dryRun)
        return printDryRun(client, [{method: 'POST', path: '/networks/prune', query}], {json: options.json, context});
      const {NetworksDeleted: names} = await client.call<NetworksPruned>('POST', '/networks/prune', {query});
      for (const name of names) context.print(name);
    });
}

function listing(options: ListOptions): Listing<NetworkResource> {
  return {
    columns: [
      {title: 'NETWORK ID'},
      {title: 'NAME', shrinksTo: 12},
      {title: 'DRIVER'},
      {title: 'SUBNET', shrinksTo: 10},
    ],
    key: ({Id}) => Id,
    row: ({Id, Name, Driver, IPAM, Internal}) => [
      shortId(Id, options),
      Name,
      Driver,
      `${IPAM.Config.map(({Subnet}) => Subnet).join(', ')}${Internal ? ' (internal)' : ''}`,
    ],
  };
}
