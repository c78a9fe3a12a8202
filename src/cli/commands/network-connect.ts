import type {Command} from 'commander';
import type {Context} from '../context.ts';
import {collect, parseInteger, parsePairs} from '../parse.ts';
import {endpointOf} from '../parse-networks.ts';

interface ConnectOptions {
  readonly ip?: string;
  readonly ip6?: string;
  readonly macAddress?: string;
  readonly alias?: readonly string[];
  readonly gwPriority?: number;
  readonly driverOpt?: readonly string[];
}

export function registerConnect(network: Command, context: Context): void {
  network
    .command('connect')
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
      const {alias: networkAlias, driverOpt = [], ...rest} = options;
      const endpoint = endpointOf({...rest, networkAlias, driverOpt: parsePairs(driverOpt)});
      const body = {Container: container, EndpointConfig: endpoint};
      const client = await context.connect();
      await client.call<undefined>('POST', `/networks/${encodeURIComponent(name)}/connect`, {body});
    });
}

export function registerDisconnect(network: Command, context: Context): void {
  network
    .command('disconnect')
    .description('take a container off a network')
    .argument('<network>')
    .argument('<container>')
    .option('-f, --force', 'also a container that does not answer')
    .addHelpText('after', '\nExamples:\n  tnet network disconnect blue web')
    .action(async (name: string, container: string, {force = false}: {force?: boolean}) => {
      const client = await context.connect();
      const body = {Container: container, Force: force};
      await client.call<undefined>('POST', `/networks/${encodeURIComponent(name)}/disconnect`, {body});
    });
}
