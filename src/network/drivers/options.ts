import {TnetError} from '../../errors.ts';
import type {Network} from '../../model/network.ts';

export const driverMtu = 'com.docker.network.driver.mtu';

/**
 * Refuses options that this driver would not obey: every one of Docker's, and every plain word. Others, with a dot in
 * their name, are somebody's notes and kept.
 */
export function refuseUnknownOptions({driver, options}: Network, known: readonly string[]): void {
  for (const option of Object.keys(options)) {
    if (known.includes(option) || (option.includes('.') && !option.startsWith('com.docker.network.'))) continue;
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `option "${option}" is not supported by the ${driver} driver: there are ${known.join(', ')}`,
    );
  }
}

/** The option's value, one of `choices`; the first of them when it is not given. */
export function choiceOf<T extends string>({options}: Network, option: string, choices: readonly T[]): T {
  const value = options[option] ?? choices[0]!;
  const found = choices.find(choice => choice === value);
  if (found !== undefined) return found;
  throw new TnetError(
    'ERR_BAD_REQUEST',
    `invalid value "${value}" of option "${option}": want one of ${choices.join(', ')}`,
  );
}

export interface NumberRange {
  readonly option: string;
  readonly min: number;
  readonly max: number;
}

/** The option's value as a whole number; null when it is not given. */
export function numberOf({options}: Network, {option, min, max}: NumberRange): number | null {
  const text = options[option];
  if (text === undefined) return null;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new TnetError('ERR_BAD_REQUEST', `invalid value "${text}" of option "${option}": want ${min} to ${max}`);
}

/** Bytes. 68 is IPv4's minimum (RFC 791), 65535 what the kernel's virtual links take; null leaves it to the kernel. */
export function mtuOf(network: Network): number | null {
  const text = network.options[driverMtu];
  if (text === undefined) return null;
  const mtu = Number(text);
  if (/^\d+$/.test(text) && mtu >= 68 && mtu <= 65535) return mtu;
  throw new TnetError('ERR_BAD_REQUEST', `invalid MTU "${text}": want 68 to 65535`);
}
