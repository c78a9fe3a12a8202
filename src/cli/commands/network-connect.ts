import type {Command} from 'commander';
import type {Context} from '../context.ts';
import {type DryRunOptions, dryRunOptions, printDryRun} from '../dry-run.ts';
import {collect, parseInteger, parsePairs} from '../parse.ts';
import {endpointOf} from '../parse-networks.ts';

interface ConnectOptions extends DryRunOptions {
  readonly ip?: string;
  readonly ip6?: string;
  readonly macAddress?: string;
  readonly alias?: readonly string[];
  readonly gwPriority?: number;
  readonly driverOpt?: readonly string[];
}

export function registerConnect(network: Command, context: Context): void {
  dryRunOptions(network.command('connect'))
    .description('put a container on a network')
    .argument('<network>')
    .argument('<container>')
    .option('--ip <address>', 'IPv4 address')
    .option('--ip6 <address>', 'IPv6 address')
    .option('--mac-address <mac>', 'of the interface')
    .option('--alias <name>', 'another name on the network (repeatable)', collect)
    .option('--gw-priority <n>', 'the highest gives the default route (0)', parseInteger)
    .option('--driver-opt <key=value>', 'option of the attachment (repeatable)', collect)
    .addHelpText(
      'after',
      '\nExamples:\n  tnet network connect blue web\n  tnet network connect --alias db --ip 10.5.0.9 red web',
    )
    .action(async (name: string, container: string, options: ConnectOptions) => {
      const {alias: networkAlias, driverOpt = [], dryRun, json, ...rest} = options;
      const endpoint = endpointOf({...rest, networkAlias, driverOpt: parsePairs(driverOpt)});
      const body = {Container: container, EndpointConfig: endpoint};
      const client = await context.connect();
      const request = {method: 'POST', path: `/networks/${encodeURIComponent(name)}/connect`, body} as const;
      if (dryRun) return printDryRun(client, [request], {json, context});
      await client.call<undefined>(request.method, request.path, {body});
    });
}

export function registerDisconnect(network: Command, context: Context): void {
  dryRunOptions(network.command('disconnect'))
    .description('take a container off a network')
    .argument('<network>')
    .argument('<container>')
    .option('-f, --force', 'also a container that does not answer')
    .addHelpText('after', '\nExamples:\n  tnet network disconnect blue web')
    .action(
      async (name: string, container: string, {force = false, dryRun, json}: DryRunOptions & {force?: boolean}) => {
        const client = await context.connect();
        const body = {Container: container, Force: force};
        const request = {method: 'POST', path: `/networks/${encodeURIComponent(name)}/disconnect`, body} as const;
        if (dryRun) return printDryRun(client, [request], {json, context});
        await client.call<undefined>(request.method, request.path, {body});
      },
    );
}
