import type {Argument, Command, Option} from 'commander';

/** What can stand at the end of a command line; neither words nor names: the shell knows better. */
export interface Wanted {
  readonly words: readonly string[];
  /** A sort of names, as the arguments of our commands call them. */
  readonly names?: string;
}

/** Options whose value is a name, by their long flag. */
const namingOptions: Readonly<Record<string, string>> = {
  '--network': 'network',
  '--volumes-from': 'container',
};

/** What the last of `words` may become; the others are as typed. Walks the commands that are registered below `program`. */
export function wanted(program: Command, words: readonly string[]): Wanted {
  let command = program;
  let position = 0;
  let pending: Option | undefined;
  for (const word of words.slice(0, -1)) {
    const sub = command.commands.find(each => each.name() === word || each.aliases().includes(word));
    if (pending !== undefined) pending = undefined;
    else if (word.startsWith('-') && word !== '-') pending = awaiting(command, word);
    else if (position === 0 && sub !== undefined) command = sub;
    else position++;
  }
  if (pending !== undefined) return valuesOf(pending);
  if (words.at(-1)?.startsWith('-')) return {words: flagsOf(command)};
  const argument = argumentAt(command.registeredArguments, position);
  return position > 0 ? argument : {...argument, words: [...visible(command), ...argument.words]};
}

/** The option that takes the next word as its value. */
function awaiting(command: Command, word: string): Option | undefined {
  if (word.includes('=')) return undefined;
  const option = command.options.find(({long, short}) => word === long || (short !== undefined && isLast(word, short)));
  return option?.required ? option : undefined;
}

/** `-dp` ends with -p; a long flag is no cluster. */
function isLast(word: string, short: string): boolean {
  return word === short || (!word.startsWith('--') && word.endsWith(short.slice(1)));
}

function valuesOf({argChoices, long}: Option): Wanted {
  const names = namingOptions[long ?? ''];
  return {words: argChoices ?? [], ...(names === undefined ? {} : {names})};
}

function argumentAt(all: readonly Argument[], position: number): Wanted {
  const argument = all[position] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
  return argument === undefined ? {words: []} : {words: argument.argChoices ?? [], names: argument.name()};
}

function flagsOf(command: Command): readonly string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({long, short}) => long ?? short ?? []);
}

function visible(command: Command): readonly string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map(each => each.name())
    .filter(name => name !== 'help');
}
