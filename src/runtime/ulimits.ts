import {TnetError} from '../errors.ts';

/** Docker's names, by RLIMIT_… number (asm-generic/resource.h); `as` Docker does not know. */
const names = [
  ...[
    'cpu',
    'fsize',
    'data',
    'stack',
    'core',
    'rss',
    'nproc',
    'nofile',
    'memlock',
    '',
    'locks',
    'sigpending',
    'msgqueue',
  ],
  ...['nice', 'rtprio', 'rttime'],
] as const;

/** ERR_BAD_REQUEST in Docker's words. */
export function ulimitNumber(name: string): number {
  const number = name === '' ? -1 : (names as readonly string[]).indexOf(name);
  if (number < 0) throw new TnetError('ERR_BAD_REQUEST', `invalid ulimit type: ${name}`);
  return number;
}

export function ulimitName(number: number): string {
  return names[number] || `${number}`;
}
