import type {Command} from 'commander';
import type {ContainerInspect} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {type DryRunOptions, dryRunOptions, printDryRun} from '../dry-run.ts';
import {forEachName} from '../each.ts';
import {runForeground} from '../run-foreground.ts';

interface StartOptions extends DryRunOptions {
  readonly attach?: boolean;
  readonly interactive?: boolean;
}

export function registerStart(program: Command, context: Context): void {
  dryRunOptions(program.command('start'))
    .description('start containers that do not run')
    .argument('<container...>')
    .option('-a, --attach', 'print its output, forward signals, exit with its code; one container')
    .option('-i, --interactive', 'forward our stdin too')
    .addHelpText('after', '\nExamples:\n  tnet start web db\n  tnet start -a job')
    .action(async (names: string[], options: StartOptions) => {
      if (options.dryRun) return printStart(names, options, context);
      if (options.attach || options.interactive) return startAttached(names, options, context);
      const client = await context.connect();
      await forEachName(names, context, name => client.call<undefined>('POST', path(name, '/start')));
    });
}

function path(name: string, rest: string): string {
  return `/containers/${encodeURIComponent(name)}${rest}`;
}

async function printStart(names: readonly string[], {json}: StartOptions, context: Context): Promise<void> {
  const client = await context.connect();
  const requests = names.map(name => ({method: 'POST', path: path(name, '/start')}) as const);
  await printDryRun(client, requests, {json, context});
}

async function startAttached(names: readonly string[], options: StartOptions, context: Context): Promise<void> {
  if (names.length > 1) throw new SyntaxError('you cannot start and attach multiple containers at once');
  const client = await context.connect();
  const {Id: id, State, Config, HostConfig} = await client.call<ContainerInspect>('GET', path(names[0]!, '/json'));
  if (State.Running) throw new SyntaxError(`container ${names[0]} is already running: tnet logs -f ${names[0]}`);
  const settings = {interactive: options.interactive ?? false, rm: HostConfig.AutoRemove === true, tty: Config.Tty};
  context.exitWith(await runForeground({client, id, options: settings, io: context.io}));
}
