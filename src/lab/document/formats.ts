import * as v from 'valibot';
import {parseRate} from '../../model/bandwidth.ts';
import {type Ip, type Prefix, parseInterfaceAddress, parseIp, parsePrefix} from '../../model/ip.ts';

/** A value that a parser of the model takes; its words are the message. */
function parsed<T>(parse: (text: string) => T) {
  return v.pipe(
    v.string(),
    v.rawTransform(({dataset, addIssue, NEVER}): T => {
      try {
        return parse(dataset.value);
      } catch (error) {
        addIssue({message: (error as Error).message});
        return NEVER;
      }
    }),
  );
}

export const ipText = parsed<Ip>(parseIp);
export const prefixText = parsed<Prefix>(text => parsePrefix(text === 'default' ? '0.0.0.0/0' : text));
/** `10.0.0.1/24`: the address keeps its host bits. */
export const interfaceAddress = parsed(parseInterfaceAddress);
export const duration = parsed(parseDuration);
export const rateText = parsed(parseRate);
export const percentText = parsed(parsePercent);
export const mtu = v.pipe(v.number(), v.integer(), v.minValue(68), v.maxValue(65_535));
export const portNumber = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
export const scalarText = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String));

/** IFNAMSIZ: fifteen bytes; no slash, no blank. */
export const linkName = v.pipe(
  v.string(),
  v.regex(/^[^\s/:]{1,15}$/, 'a link name has 1 to 15 characters, without blanks, "/" and ":"'),
);

/** `200ms`, `3s`, `1m` → milliseconds. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(us|ms|s|m)$/.exec(text) ?? [];
  if (amount === undefined)
    throw new SyntaxError(`invalid duration "${text}": want a number and us, ms, s or m, as 200ms`);
  return Number(amount) * {us: 0.001, ms: 1, s: 1000, m: 60_000}[unit as 'us' | 'ms' | 's' | 'm'];
}

/** `5%`, `0.1%` → 0.05, 0.001. */
export function parsePercent(text: string): number {
  const [, amount] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (amount === undefined || Number(amount) > 100)
    throw new SyntaxError(`invalid percentage "${text}": want 0% to 100%, as 5%`);
  return Number(amount) / 100;
}
