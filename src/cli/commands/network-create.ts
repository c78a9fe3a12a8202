import type {Command} from 'commander';
import type {NetworkCreate} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {type DryRunOptions, dryRunOptions, printDryRun} from '../dry-run.ts';
import {poolsOf} from '../ipam-pools.ts';
import {collect, parsePairs} from '../parse.ts';

interface CreateOptions extends DryRunOptions {
  readonly driver: string;
  readonly subnet?: readonly string[];
  readonly gateway?: readonly string[];
  readonly ipRange?: readonly string[];
  readonly auxAddress?: readonly string[];
  readonly ipv4: boolean;
  readonly ipv6?: boolean;
  readonly internal?: boolean;
  readonly label?: readonly string[];
  readonly opt?: readonly string[];
}

const examples = `
Examples:
  tnet network create blue
  tnet network create --subnet 10.5.0.0/24 --gateway 10.5.0.1 red
  tnet network create --ipv6 dual
  tnet network create -o com.docker.network.bridge.gateway_mode_ipv4=routed open`;

export function registerCreate(network: Command, context: Context): void {
  dryRunOptions(network.command('create'))
    .description('create a network and print its id')
    .argument('<name>')
    .option('-d, --driver <driver>', 'bridge, macvlan, ipvlan or vxlan', 'bridge')
    .option('--subnet <prefix>', 'one of each family; chosen from the pools without it', collect)
    .option('--gateway <address>', 'of the bridge; the first of the subnet without it', collect)
    .option('--ip-range <prefix>', 'choose addresses from here', collect)
    .option('--aux-address <name=address>', 'never give this one away (repeatable)', collect)
    .option('--no-ipv4', 'IPv6 alone')
    .option('--ipv6', 'IPv6 too')
    .option('--attachable', 'as every network of ours is')
    .option('--internal', 'no way out, nothing published')
    .option('--label <key=value>', 'label (repeatable)', collect)
    .option('-o, --opt <key=value>', 'driver option (repeatable)', collect)
    .addHelpText('after', examples)
    .action(async (name: string, options: CreateOptions) => {
      const client = await context.connect();
      const request = {method: 'POST', path: '/networks/create', body: createBody(name, options)} as const;
      if (options.dryRun) return printDryRun(client, [request], {json: options.json, context});
      const {Id} = await client.call<{Id: string}>(request.method, request.path, request);
      context.print(Id);
    });
}

function createBody(name: string, options: CreateOptions): NetworkCreate {
  const {driver, internal, ipv4, ipv6, label = [], opt = []} = options;
  return {
    Name: name,
    Driver: driver,
    ...(ipv4 ? {} : {EnableIPv4: false}),
    EnableIPv6: ipv6 ?? !ipv4,
    Internal: internal ?? false,
    IPAM: {Driver: 'default', Config: poolsOf(options)},
    Options: parsePairs(opt),
    Labels: parsePairs(label),
  };
}
