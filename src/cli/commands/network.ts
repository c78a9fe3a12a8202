import type {Command} from 'commander';
import {ApiError} from '../../api/api-error.ts';
import type {NetworkResource, NetworksPruned} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {type DryRunOptions, dryRunOptions, printDryRun} from '../dry-run.ts';
import {forEachName} from '../each.ts';
import {type Filtered, filterQuery} from '../filter-query.ts';
import {type Listing, type ListOptions, listOptions, printListing, shortId} from '../listing.ts';
import {networkRow, networkTitles} from '../network-row.ts';
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
    .option('-f, --format <template>', "json, or a template like '{{.Driver}}'")
    .option('-v, --verbose', "for Docker's sake: there is no swarm to tell more of")
    .addHelpText('after', '\nExamples:\n  tnet network inspect bridge')
    .action((names: string[], {format}: {format?: string}) =>
      printInspected(names, {types: ['network'], format}, context),
    );
  dryRunOptions(network.command('rm'))
    .alias('remove')
    .description('remove networks')
    .argument('<network...>')
    .option('-f, --force', 'one that is not there is no failure')
    .addHelpText('after', '\nExamples:\n  tnet network rm blue')
    .action(async (names: string[], {dryRun, json, force}: DryRunOptions & {force?: boolean}) => {
      const client = await context.connect();
      const requests = names.map(name => ({method: 'DELETE', path: `/networks/${encodeURIComponent(name)}`}) as const);
      if (dryRun) return printDryRun(client, requests, {json, context});
      await forEachName(names, context, async name => {
        try {
          await client.call<undefined>('DELETE', `/networks/${encodeURIComponent(name)}`);
        } catch (error) {
          if (!force || !(error instanceof ApiError) || error.status !== 404) throw error;
        }
      });
    });
}

function registerPrune(network: Command, context: Context): void {
  dryRunOptions(network.command('prune'))
    .description('remove networks without containers')
    .option('-f, --force', 'as always: nobody is asked')
    .option('--filter <filter>', 'label=value, label!=value or until=24h (repeatable)', collect)
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
    template: {titles: networkTitles, row: network => networkRow(network, options)},
    row: ({Id, Name, Driver, IPAM, Internal}) => [
      shortId(Id, options),
      Name,
      Driver,
      `${IPAM.Config.map(({Subnet}) => Subnet).join(', ')}${Internal ? ' (internal)' : ''}`,
    ],
  };
}
