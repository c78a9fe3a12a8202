import type {Command} from 'commander';
import {catalog, commandWords, needed} from '../catalog.ts';
import type {Context} from '../context.ts';
import {namesOf} from './names.ts';
import {wanted} from './wanted.ts';

/** `tnet __complete -- WORDS`: a candidate a line for the last word. Asked by the scripts of `tnet completion`. */
export async function complete(program: Command, context: Context, words: readonly string[]): Promise<void> {
  const last = words.at(-1) ?? '';
  for (const word of await candidates(program, words, context)) if (word.startsWith(last)) context.print(word);
}

async function candidates(program: Command, words: readonly string[], context: Context): Promise<readonly string[]> {
  const [name] = commandWords(words.slice(0, -1));
  program.parseOptions(words.slice(0, name === undefined ? -1 : words.indexOf(name))); // whose roots
  if (name === undefined && !words.at(-1)?.startsWith('-')) return Object.keys(catalog);
  if (name !== undefined && Object.hasOwn(catalog, name))
    for (const register of await needed([name])) register(program, context);
  const want = wanted(program, words);
  const names = want.names === undefined ? [] : await namesOf(want.names, context).catch(() => []);
  return [...want.words, ...names];
}
