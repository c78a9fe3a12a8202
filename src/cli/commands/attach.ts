import type {Command} from 'commander';
import type {ContainerInspect} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {proxySignals, readExit} from '../run-foreground.ts';
import {talk} from '../talk.ts';
import {refuseMissingTerminal, type Size, terminalSize} from '../terminal.ts';

interface AttachOptions {
  readonly stdin: boolean;
  readonly detachKeys?: string;
  readonly sigProxy: string;
}

export function registerAttach(program: Command, context: Context): void {
  program
    .command('attach')
    .description('join our terminal with a running container')
    .argument('<container>')
    .option('--detach-keys <keys>', 'what leaves it running (ctrl-p,ctrl-q)')
    .option('--no-stdin', 'only look')
    .option('--sig-proxy <bool>', 'forward signals to a container without a terminal', 'true')
    .addHelpText('after', '\nExamples:\n  tnet attach shell\n  tnet attach --no-stdin --detach-keys ctrl-x shell')
    .action(async (name: string, options: AttachOptions) => context.exitWith(await attach(name, options, context)));
}

async function attach(name: string, options: AttachOptions, context: Context): Promise<number> {
  const {io} = context;
  const client = await context.connect();
  const {
    Id: id,
    State,
    Config,
  } = await client.call<ContainerInspect>('GET', `/containers/${encodeURIComponent(name)}/json`);
  if (State.Paused) throw new Error('cannot attach to a paused container, unpause it first');
  if (State.Restarting) throw new Error('cannot attach to a restarting container, wait until it is running');
  if (!State.Running) throw new Error('cannot attach to a stopped container, start it first');
  const tty = Config.Tty;
  const stdin = options.stdin && Config.OpenStdin === true;
  refuseMissingTerminal(io, {tty, stdin});
  const path = `/containers/${id}`;
  const exit = await client.stream('POST', `${path}/wait`);
  const query = {stream: true, stdin, stdout: true, stderr: true, detachKeys: options.detachKeys};
  const streams = await client.upgrade(`${path}/attach`, {query});
  const resize = (size: Size): Promise<unknown> =>
    client.call('POST', `${path}/resize`, {query: {...size}}).catch(() => {});
  const restore = options.sigProxy !== 'false' && !tty ? proxySignals(client, id) : () => {};
  try {
    // Another size, and then the right one: what runs there draws itself again, as Docker's CLI has it do.
    const size = tty ? terminalSize(io) : null;
    if (size) await resize({h: size.h + 1, w: size.w + 1});
    const end = await talk(streams, {
      io,
      tty,
      stdin,
      detachKeys: options.detachKeys,
      resize: each => void resize(each),
    });
    return end === 'detached' ? 0 : await readExit(exit, id);
  } finally {
    restore();
    streams.destroy();
    exit.destroy();
  }
}
