import type {Command} from 'commander';
import type {Context} from '../context.ts';
import {type DryRunOptions, dryRunOptions, printDryRun} from '../dry-run.ts';

interface LimitOptions extends DryRunOptions {
  readonly ingressRate?: string;
  readonly ingressBurst?: string;
  readonly egressRate?: string;
  readonly egressBurst?: string;
}

const examples = `
Examples:
  tnet network limit blue web --ingress-rate 10mbit --egress-rate 2mbit
  tnet network limit blue web --ingress-rate none`;

export function registerLimit(network: Command, context: Context): void {
  dryRunOptions(network.command('limit'))
    .description('limit what a container may carry')
    .argument('<network>')
    .argument('<container>')
    .option('--ingress-rate <rate>', 'what it receives, as 10mbit; none is no limit')
    .option('--ingress-burst <size>', 'at once, as 32kb')
    .option('--egress-rate <rate>', 'what it sends')
    .option('--egress-burst <size>', 'at once')
    .addHelpText('after', examples)
    .action(async (name: string, container: string, {dryRun, json, ...limits}: LimitOptions) => {
      const body = {Container: container, Options: endpointOptions(limits)};
      const client = await context.connect();
      const request = {method: 'POST', path: `/tnet/networks/${encodeURIComponent(name)}/limit`, body} as const;
      if (dryRun) return printDryRun(client, [request], {json, context});
      await client.call<undefined>(request.method, request.path, {body});
    });
}

/** The options of an attachment, model/bandwidth.ts; '' takes one back, and a rate its burst. */
function endpointOptions(limits: LimitOptions): Readonly<Record<string, string>> {
  const directions = ['ingress', 'egress'] as const;
  return Object.fromEntries(
    directions.flatMap(direction => {
      const [rate, burst] = [limits[`${direction}Rate`], limits[`${direction}Burst`]];
      const none = rate === 'none' || rate === '';
      return [
        ...(rate === undefined ? [] : [[`tnet.${direction}-rate`, none ? '' : rate]]),
        ...(burst === undefined && !none ? [] : [[`tnet.${direction}-burst`, none ? '' : burst]]),
      ];
    }),
  ) as Readonly<Record<string, string>>;
}
