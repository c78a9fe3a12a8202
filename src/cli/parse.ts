import {InvalidArgumentError} from 'commander';

const units: Readonly<Record<string, number>> = {'': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4};

/** `512m`, `1.5g`, `64MiB`, in powers of 1024 as Docker; bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text);
  if (!match) throw new InvalidArgumentError('Want a size like 512m or 1g.');
  return Math.floor(Number(match[1]) * units[match[2]!.toLowerCase()]!);
}

/** The same, and -1 for "unlimited". */
export function parseSwap(text: string): number {
  return text === '-1' ? -1 : parseSize(text);
}

export function parseInteger(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new InvalidArgumentError('Want a whole number.');
  return Number(text);
}

/** `0.5` CPUs in billionths, as the API has them. */
export function parseCpus(text: string): number {
  if (!/^\d+(\.\d+)?$|^\.\d+$/.test(text)) throw new InvalidArgumentError('Want a number of CPUs like 0.5.');
  return Math.round(Number(text) * 1e9);
}

/** For options that may be given more than once. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** `key=value` pairs; a key alone has the value ''. */
export function parsePairs(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map(splitPair));
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

/** A field of a body, left out when the option was not given. */
export function given<const K extends string, V>(name: K, value: V | undefined): {readonly [P in K]?: V} {
  return (value === undefined ? {} : {[name]: value}) as {readonly [P in K]?: V};
}
