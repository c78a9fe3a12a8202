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

export function registerRestart(program: Command, context: Context): void {
  command(program, 'restart', 'stop containers and start them', '  tnet restart -t 2 web')
    .option('-t, --timeout <s>', 'how long to wait before SIGKILL', parseInteger)
    .option('-s, --signal <signal>', 'what to send instead of the stop signal')
    .action((names: string[], {timeout, signal}: {timeout?: number; signal?: string}) =>
      callEach(names, context, {method: 'POST', path: '/restart', query: {t: timeout, signal}}),
    );
}

export function registerRename(program: Command, context: Context): void {
  program
    .command('rename')
    .description('give a container another name; its name on its networks follows')
    .argument('<container>')
    .argument('<name>')
    .addHelpText('after', '\nExamples:\n  tnet rename web web-old')
    .action(async (container: string, name: string) => {
      const client = await context.connect();
      await client.call('POST', `/containers/${encodeURIComponent(container)}/rename`, {query: {name}});
    });
}

export function registerStop(program: Command, context: Context): void {
  dryRunOptions(
    command(program, 'stop', 'send the stop signal, and SIGKILL when that does not help', '  tnet stop -t 2 web db'),
  )
    .option('-t, --timeout <s>', 'how long to wait before SIGKILL', parseInteger)
    .option('-s, --signal <signal>', 'what to send instead of the stop signal')
    .action((names: string[], {timeout, signal, ...options}: DryRunOptions & {timeout?: number; signal?: string}) =>
      callOrForetell(names, {context, options}, {method: 'POST', path: '/stop', query: {t: timeout, signal}}),
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
  dryRunOptions(command(program, 'rm', 'remove containers', '  tnet rm -f $(tnet ps -aq)'))
    .option('-f, --force', 'also those that run')
    .option('-v, --volumes', 'their anonymous volumes too')
    .action((names: string[], {force, volumes, ...options}: DryRunOptions & {force?: boolean; volumes?: boolean}) =>
      callOrForetell(names, {context, options}, {method: 'DELETE', path: '', query: {force, v: volumes}}),
    );
}

function command(program: Command, name: string, description: string, example: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<container...>')
    .addHelpText('after', `\nExamples:\n${example}`);
}

/** Or says what it would do. */
async function callOrForetell(
  names: readonly string[],
  {context, options: {dryRun, json}}: {readonly context: Context; readonly options: DryRunOptions},
  verb: Verb,
): Promise<void> {
  if (!dryRun) return callEach(names, context, verb);
  const {method, path, query = {}} = verb;
  const requests = names.map(name => ({method, path: `/containers/${encodeURIComponent(name)}${path}`, query}));
  await printDryRun(await context.connect(), requests, {json, context});
}

async function callEach(names: readonly string[], context: Context, {method, path, query = {}}: Verb): Promise<void> {
  const client = await context.connect();
  await forEachName(names, context, name =>
    client.call<undefined>(method, `/containers/${encodeURIComponent(name)}${path}`, {query}),
  );
}
