import * as v from 'valibot';
import {duration, percentText, rateText} from '../document/formats.ts';
import {type Impairment, problemOf} from './impairment.ts';

const entries = {
  delay: v.optional(duration),
  jitter: v.optional(duration),
  loss: v.optional(percentText),
  duplicate: v.optional(percentText),
  corrupt: v.optional(percentText),
  reorder: v.optional(percentText),
  rate: v.optional(rateText),
  every: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(1_000_000))),
};

/** Of a cable, from its first end to its second, back, or both; a list says each direction for itself. */
const ofCable = v.strictObject({...entries, direction: v.optional(v.picklist(['both', 'ab', 'ba']), 'both')});
export const cableImpairment = v.union([ofCable, v.array(ofCable)]);

/** Of a node's links to its networks: what it sends, what it receives, or both. */
const ofPorts = v.strictObject({...entries, direction: v.optional(v.picklist(['both', 'out', 'in']), 'both')});
export const portImpairment = v.union([ofPorts, v.array(ofPorts)]);

type Written<D extends string> =
  v.InferOutput<typeof ofCable> extends infer T ? Omit<T, 'direction'> & {readonly direction: D} : never;

/** The two directions apart, `forth` being `ab` or `out`. What is said twice of one direction adds up; what has no meaning is refused. */
export function directionsOf<D extends string>(
  written: Written<D> | readonly Written<D>[],
  forth: D,
  refuse: (problem: string) => void = () => {},
): {readonly forth: Impairment; readonly back: Impairment} {
  const all = [written].flat() as readonly Written<D>[];
  const of = (wanted: boolean): Impairment =>
    Object.assign(
      {},
      ...all.filter(({direction}) => direction === 'both' || (direction === forth) === wanted).map(fromFile),
    );
  const directions = {forth: of(true), back: of(false)};
  const problem = problemOf(directions.forth) ?? problemOf(directions.back);
  if (problem !== null) refuse(problem);
  return directions;
}

function fromFile({
  delay,
  jitter,
  loss,
  duplicate,
  corrupt,
  reorder,
  rate,
  every,
}: Omit<Written<string>, 'direction'>): Impairment {
  const named = {delayMs: delay, jitterMs: jitter, loss, duplicate, corrupt, reorder, rateBitsPerS: rate, every};
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined && value !== 0));
}
