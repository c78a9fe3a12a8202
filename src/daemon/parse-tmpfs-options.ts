import {badRequest} from './failure.ts';

/** What Docker gives every tmpfs; the user's own words come later and win. */
const defaults = ['noexec', 'nosuid', 'nodev'];

/** Flags by what they decide. `dev` is not among them: what keeps a container from the machine's devices is nodev. */
const flags: readonly (readonly string[])[] = [['rw', 'ro'], ['exec', 'noexec'], ['suid', 'nosuid'], ['nodev']];
const valued = /^(size|mode|uid|gid|nr_inodes|nr_blocks|mpol)=[^,\s]+$/;

/** Words of `--tmpfs /run:size=64m,exec`. Throws ERR_BAD_REQUEST in Docker's words for one that is none. */
export function parseTmpfsOptions(words: readonly string[]): readonly string[] {
  const chosen = new Map<string, string>();
  for (const word of [...defaults, ...words.filter(each => each !== '')]) chosen.set(groupOf(word), word);
  return [...chosen.values()];
}

function groupOf(word: string): string {
  const group = flags.find(each => each.includes(word));
  if (group) return group[0]!;
  if (valued.test(word)) return word.split('=', 1)[0]!;
  if (word === 'dev') throw badRequest('tmpfs option "dev" is not supported', 'ERR_UNSUPPORTED');
  throw badRequest(`invalid tmpfs option ["${word}"]`);
}
