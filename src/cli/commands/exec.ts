import type {Command} from 'commander';
import type {Client} from '../../api/client.ts';
import type {ExecCreate, ExecInspect} from '../../api/exec-types.ts';
import type {Context} from '../context.ts';
import {readVariables, resolveVariables} from '../environment.ts';
import {collect} from '../parse.ts';
import {talk} from '../talk.ts';
import {refuseMissingTerminal, terminalSize} from '../terminal.ts';

interface ExecOptions {
  readonly detach?: boolean;
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly user?: string;
  readonly workdir?: string;
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  readonly privileged?: boolean;
  readonly detachKeys?: string;
}

const examples = `
Examples:
  tnet exec web ps aux
  tnet exec -it web bash
  tnet exec -d -w /tmp -e NAME=value web touch here`;

export function registerExec(program: Command, context: Context): void {
  program
    .command('exec')
    .description('run a command in a running container')
    .argument('<container>')
    .argument('<command...>', 'the command and its arguments')
    .passThroughOptions()
    .option('-d, --detach', 'do not wait for it')
    .option('-i, --interactive', 'forward our stdin')
    .option('-t, --tty', 'give it a terminal')
    .option('-u, --user <user>', 'user[:group] inside')
    .option('-w, --workdir <dir>', 'working directory inside')
    .option('-e, --env <NAME=value>', 'variable; NAME alone takes ours (repeatable)', collect)
    .option('--env-file <file>', 'variables, one a line (repeatable)', collect)
    .option('--privileged', 'with every capability')
    .option('--detach-keys <keys>', 'what leaves it running (ctrl-p,ctrl-q)')
    .addHelpText('after', examples)
    .action(async (name: string, command: readonly string[], options: ExecOptions) => {
      const code = await exec(name, command, options, context);
      context.exitWith(code);
    });
}

async function exec(name: string, command: readonly string[], options: ExecOptions, context: Context): Promise<number> {
  const {io} = context;
  const {detach = false, interactive = false, tty = false, detachKeys} = options;
  const stdin = interactive && !detach;
  refuseMissingTerminal(io, {tty, stdin});
  const client = await context.connect();
  const path = `/containers/${encodeURIComponent(name)}/exec`;
  const {Id: id} = await client.call<{Id: string}>('POST', path, {body: execBody(command, options, context)});
  const body = {Detach: detach, Tty: tty, ...consoleSize(tty, context)};
  if (detach) {
    await client.call('POST', `/exec/${id}/start`, {body});
    return 0;
  }
  const streams = await client.upgrade(`/exec/${id}/start`, {body});
  const resize = (size: {h: number; w: number}): void =>
    void client.call('POST', `/exec/${id}/resize`, {query: {...size}}).catch(() => {});
  const end = await talk(streams, {io, tty, stdin, detachKeys, resize});
  streams.destroy();
  return end === 'detached' ? 0 : readExitCode(client, id);
}

function execBody(command: readonly string[], options: ExecOptions, {io}: Context): ExecCreate {
  const {detach, interactive, tty, user, workdir, privileged, detachKeys} = options;
  const variables = [...(options.envFile ?? []).flatMap(readVariables), ...(options.env ?? [])];
  return {
    Cmd: command,
    Env: resolveVariables(variables, io.env),
    Tty: tty ?? false,
    AttachStdin: (interactive && !detach) ?? false,
    AttachStdout: !detach,
    AttachStderr: !detach,
    Privileged: privileged ?? false,
    User: user ?? '',
    WorkingDir: workdir ?? '',
    DetachKeys: detachKeys ?? '',
  };
}

function consoleSize(tty: boolean, {io}: Context): {ConsoleSize?: readonly [number, number]} {
  const size = tty ? terminalSize(io) : null;
  return size ? {ConsoleSize: [size.h, size.w]} : {};
}

async function readExitCode(client: Client, id: string): Promise<number> {
  const {Running, ExitCode} = await client.call<ExecInspect>('GET', `/exec/${id}/json`);
  if (Running || ExitCode === null) throw new Error('the daemon went away; the command goes on');
  return ExitCode;
}
