import * as v from 'valibot';
import {duration, ipText} from '../../document/formats.ts';
import {type CheckType, formatRange, shared} from '../check-type.ts';

const factors: Readonly<Record<string, number>> = {'': 1, k: 1e3, m: 1e6, g: 1e9};

/** `20mbit`, `1.5gbit` → bits a second. */
const rate = v.pipe(
  v.string(),
  v.regex(/^\d+(\.\d+)?[kmg]?bit$/, 'want a rate as 20mbit'),
  v.transform(text => Number.parseFloat(text) * factors[/([kmg]?)bit$/.exec(text)![1]!]!),
);

export const bandwidthSchema = v.strictObject({
  ...shared,
  type: v.literal('bandwidth'),
  from: v.string(),
  /** Node that receives, by its address. */
  to: v.string(),
  address: ipText,
  /** Bits a second of what a TCP connection carries: some 4 % less than on the wire. */
  min: v.optional(rate),
  max: v.optional(rate),
  /** How long is measured. */
  over: v.optional(duration),
});

export const bandwidthType: CheckType<v.InferOutput<typeof bandwidthSchema>> = {
  layer: 'answer',
  async look(eyes, {from, to, address, min = 0, max = Number.POSITIVE_INFINITY, over = 500}) {
    const got = await eyes.bandwidth({from, to, address, durationMs: over});
    return {
      ok: got !== null && got >= min && got <= max,
      expected: `${from} sends to ${to} (${address}) with ${formatRange(min, max, mbit)}`,
      got: got === null ? 'nothing arrived' : `with ${mbit(got)}`,
      observed: got === null ? 'none' : got > max ? 'more' : 'less',
    };
  },
};

const mbit = (bits: number): string => `${(bits / 1e6).toFixed(1)} Mbit/s`;
