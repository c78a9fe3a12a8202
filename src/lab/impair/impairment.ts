import {formatRate, parseRate} from '../../model/bandwidth.ts';
import {parseDuration, parsePercent} from '../document/formats.ts';

/** What is wrong with one direction of a link. Shares of packets are 0 to 1; what is left out does not happen. */
export interface Impairment {
  readonly delayMs?: number;
  /** Evenly distributed around the delay. */
  readonly jitterMs?: number;
  readonly loss?: number;
  readonly duplicate?: number;
  /** One bit of the packet is flipped. */
  readonly corrupt?: number;
  /** Of packets that do not wait, and so overtake those that do. */
  readonly reorder?: number;
  readonly rateBitsPerS?: number;
  /** Every how many packets one is lost. */
  readonly every?: number;
}

export interface Effect {
  /** In files and on the command line. */
  readonly name: string;
  readonly key: keyof Impairment;
  /** For help: `<time>`. */
  readonly value: string;
  readonly about: string;
  parse(text: string): number;
  format(value: number): string;
}

const share = {value: '<percent>', parse: parsePercent, format: formatPercent};
const time = {value: '<time>', parse: parseDuration, format: (ms: number) => `${figure(ms)}ms`};

/** In the order in which they are told. */
export const effects = [
  {name: 'delay', key: 'delayMs', about: 'each packet waits that long: 50ms', ...time},
  {name: 'jitter', key: 'jitterMs', about: 'so much more or less', ...time},
  {name: 'loss', key: 'loss', about: 'of packets are lost: 5%', ...share},
  {name: 'duplicate', key: 'duplicate', about: 'of packets arrive twice', ...share},
  {name: 'corrupt', key: 'corrupt', about: 'of packets arrive with a wrong bit', ...share},
  {name: 'reorder', key: 'reorder', about: 'of packets do not wait, and overtake others', ...share},
  {
    name: 'rate',
    key: 'rateBitsPerS',
    about: 'that much a second and no more: 1mbit',
    value: '<rate>',
    parse: parseLimit,
    format: formatRate,
  },
  {name: 'every', key: 'every', about: 'every Nth packet is lost', value: '<n>', parse: parseCount, format: String},
] as const satisfies readonly Effect[];
export type EffectName = (typeof effects)[number]['name'];

/** The changes on top of what was; 0 takes an effect away. No other effect is touched. */
export function merge(was: Impairment, change: Impairment): Impairment {
  const all = Object.entries({...was, ...change});
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== 0));
}

/** Why an impairment has no meaning; null when it has. */
export function problemOf({delayMs = 0, jitterMs = 0, reorder = 0}: Impairment): string | null {
  if (jitterMs > 0 && delayMs === 0) return 'jitter wants a delay around which it varies';
  if (reorder > 0 && delayMs === 0) return 'reorder wants a delay: what does not wait overtakes what does';
  return null;
}

/** `delay 50ms jitter 10ms loss 5%` */
export function formatImpairment(impairment: Impairment): string {
  const said = effects.filter(({key}) => impairment[key] !== undefined);
  return said.map(({name, key, format}) => `${name} ${format(impairment[key]!)}`).join(' ');
}

function formatPercent(part: number): string {
  return `${figure(part * 100)}%`;
}

/** Without the noise of binary fractions. */
function figure(value: number): string {
  return String(Number(value.toPrecision(9)));
}

/** `0` takes a limit away. */
function parseLimit(text: string): number {
  return text === '0' ? 0 : parseRate(text);
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count === 1 || count > 1_000_000)
    throw new SyntaxError(`invalid number "${text}": want 2 to 1000000, or 0 for none`);
  return count;
}
