/** What netavark was called with. */
export interface CommandLine {
  readonly command: string;
  /** `/run/netns/…` of setup and teardown, the network's name of update. */
  readonly operands: readonly string[];
  /** By long name, without its dashes; the last of several. */
  readonly options: Readonly<Record<string, string>>;
}

/** A wrong call: its caller reads stderr, and the exit code is clap's. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Options that take a value, as in any version since 1.0; by their short name where they have one. */
const options: Readonly<Record<string, string | null>> = {
  file: 'f',
  config: 'c',
  rootless: 'r',
  'aardvark-binary': 'a',
  'firewall-driver': null,
  'plugin-directory': null,
  'network-dns-servers': null,
};

/** Operands each command needs. */
const commands: Readonly<Record<string, readonly string[]>> = {
  setup: ['NETWORK_NAMESPACE_PATH'],
  teardown: ['NETWORK_NAMESPACE_PATH'],
  update: ['NETWORK_NAME'],
  create: [],
  'firewall-reload': [],
  version: [],
};

/** Throws UsageError in clap's words. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const words: string[] = [];
  const given: Record<string, string> = {};
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--version' || arg === '-V') return {command: '--version', operands: [], options: given};
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg);
      continue;
    }
    const {name, value} = splitOption(arg);
    const own = value ?? args[++i];
    if (own === undefined) throw new UsageError(`a value is required for '--${name}' but none was supplied`);
    given[name] = own;
  }
  return {...commandOf(words), options: given};
}

/** `--file=F`, `--file F`, `-f F`, `-fF`. */
function splitOption(arg: string): {readonly name: string; readonly value: string | undefined} {
  const [, long, value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
  const name = long ?? Object.keys(options).find(each => options[each] === arg[1]);
  if (name === undefined || !Object.hasOwn(options, name)) throw new UsageError(`unexpected argument '${arg}' found`);
  if (long !== undefined) return {name, value};
  return {name, value: arg.length > 2 ? arg.slice(2).replace(/^=/, '') : undefined};
}

function commandOf([command, ...operands]: readonly string[]): Pick<CommandLine, 'command' | 'operands'> {
  if (command === undefined) throw new UsageError('a subcommand is required but none was supplied');
  const needs = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (needs === undefined) throw new UsageError(`unrecognized subcommand '${command}'`);
  if (operands.length < needs.length)
    throw new UsageError(`the following required arguments were not provided:\n  <${needs[operands.length]}>`);
  if (operands.length > needs.length) throw new UsageError(`unexpected argument '${operands[needs.length]}' found`);
  return {command, operands};
}

export function usageText(error: UsageError): string {
  return `error: ${error.message}\n\nUsage: netavark [OPTIONS] <COMMAND>\n\nCommands: ${Object.keys(commands).join(', ')}\n`;
}
