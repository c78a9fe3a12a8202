import {Command, CommanderError} from 'commander';
import {resolveRoots} from '../api/roots.ts';
import {tnetVersion} from '../api/version.ts';
import {commandWords, needed} from './catalog.ts';
import {connect} from './connect.ts';
import type {Context, Io, Output} from './context.ts';
import {describeError, exitCode, usageMessage} from './failure.ts';

/** Runs one command line (without node and script) and resolves to the exit code of the process. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const words = commandWords(args);
  let code = 0;
  const program = createProgram(() => io.stdout);
  const context = createContext(program, io, wanted => {
    code = wanted;
  });
  if (args[0] === '__complete') return completeWords(program, context, args.slice(2));
  try {
    for (const register of await needed(words)) register(program, context);
    await program.parseAsync(words.join(' ') === 'network create' ? args.flatMap(plainFlag) : args, {from: 'user'});
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // help and version
    const text = error instanceof CommanderError ? usageMessage(error, words) : describeError(error);
    if (text !== '') io.stderr.write(`tnet: ${text}\n`);
    return exitCode(error, words[0] ?? '');
  }
}

/** Of `__complete -- WORDS`: not a command, it looks at all of them. */
async function completeWords(program: Command, context: Context, words: readonly string[]): Promise<number> {
  await (await import('./completion/complete.ts')).complete(program, context, words);
  return 0;
}

/** Docker's users write `--ipv4=false`. */
function plainFlag(arg: string): readonly string[] {
  const [, name, value] = /^--(ipv4|ipv6|internal|attachable)=(true|false)$/.exec(arg) ?? [];
  if (name === undefined) return [arg];
  const says = name === 'ipv4' ? 'false' : 'true';
  return value !== says ? [] : [name === 'ipv4' ? '--no-ipv4' : `--${name}`];
}

function createProgram(stdout: () => Output): Command {
  const write = (text: string): void => void stdout().write(text);
  const width = (): number => Math.min(stdout().columns ?? 80, 100);
  return new Command('tnet')
    .description(
      'Containers on networks that tnet makes itself. Every command is a client of one daemon, started when needed.',
    )
    .version(tnetVersion, '-v, --version')
    .option('--root <dir>', 'where state is kept (TNET_ROOT, /var/lib/tnet)')
    .option('--run-root <dir>', 'where the socket and namespaces are (TNET_RUN_ROOT, /run/tnet)')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: write,
      writeErr: write,
      outputError: () => {},
      getOutHelpWidth: width,
      getErrHelpWidth: width,
    })
    .addHelpText(
      'after',
      '\nExample:\n  tnet run -d --name web -p 8080:80 host python3 -m http.server 80\n  curl localhost:8080',
    );
}

function createContext(program: Command, io: Io, exitWith: (code: number) => void): Context {
  const roots: Context['roots'] = () => resolveRoots(program.opts<{root?: string; runRoot?: string}>(), io.env);
  return {
    io,
    roots,
    connect: () => connect(roots(), io),
    print: line => void io.stdout.write(`${line}\n`),
    fail(message) {
      io.stderr.write(`tnet: ${message}\n`);
      exitWith(1);
    },
    exitWith,
  };
}
