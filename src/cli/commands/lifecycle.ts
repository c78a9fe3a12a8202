import type {Command} from 'commander';
import type {Method, Query} from '../../api/client.ts';
import type {Context} from '../context.ts';
import {type DryRunOptions, dryRunOptions, printDryRun} from '../dry-run.ts';
import {forEachName} from '../each.ts';
import {parseInteger} from '../parse.ts';

interface Verb {
  readonly method: Method;
  /** After `/containers/<name>`. */
  readonly path: string;
  readonly query?: Query;
}

export function registerStart(program: Command, context: Context): void {
  dryRunOptions(command(program, 'start', 'start containers that do not run', '  tnet start web')).action(
    async (names: string[], {dryRun, json}: DryRunOptions) => {
      if (!dryRun) return callEach(names, context, {method: 'POST', path: '/start'});
      const requests = names.map(name => `/containers/${encodeURIComponent(name)}/start`);
      const client = await context.connect();
      await printDryRun(
        client,
        requests.map(path => ({method: 'POST', path})),
        {json, context},
      );
    },
  );
}

export function registerStop(program: Command, context: Context): void {
  command(program, 'stop', 'send the stop signal, and SIGKILL when that does not help', '  tnet stop -t 2 web db')
    .option('-t, --timeout <s>', 'how long to wait before SIGKILL', parseInteger)
    .option('-s, --signal <signal>', 'what to send instead of the stop signal')
    .action((names: string[], {timeout, signal}: {timeout?: number; signal?: string}) =>
      callEach(names, context, {method: 'POST', path: '/stop', query: {t: timeout, signal}}),
    );
}

export function registerKill(program: Command, context: Context): void {
  command(program, 'kill', 'send a signal', '  tnet kill -s HUP web')
    .option('-s, --signal <signal>', 'signal', 'SIGKILL')
    .action((names: string[], query: {signal: string}) =>
      callEach(names, context, {method: 'POST', path: '/kill', query}),
    );
}

export function registerPause(program: Command, context: Context): void {
  command(program, 'pause', 'freeze all processes of containers', '  tnet pause web').action((names: string[]) =>
    callEach(names, context, {method: 'POST', path: '/pause'}),
  );
}

export function registerUnpause(program: Command, context: Context): void {
  command(program, 'unpause', 'let paused containers go on', '  tnet unpause web').action((names: string[]) =>
    callEach(names, context, {method: 'POST', path: '/unpause'}),
  );
}

export function registerRm(program: Command, context: Context): void {
  command(program, 'rm', 'remove containers', '  tnet rm -f $(tnet ps -aq)')
    .option('-f, --force', 'also those that run')
    .option('-v, --volumes', 'their anonymous volumes too')
    .action((names: string[], {force, volumes}: {force?: boolean; volumes?: boolean}) =>
      callEach(names, context, {method: 'DELETE', path: '', query: {force, v: volumes}}),
    );
}

function command(program: Command, name: string, description: string, example: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<container...>')
    .addHelpText('after', `\nExamples:\n${example}`);
}

async function callEach(names: readonly string[], context: Context, {method, path, query = {}}: Verb): Promise<void> {
  const client = await context.connect();
  await forEachName(names, context, name =>
    client.call<undefined>(method, `/containers/${encodeURIComponent(name)}${path}`, {query}),
  );
}
