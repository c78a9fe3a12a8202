import {TnetError} from '../../errors.ts';
import type {Mac} from '../../model/mac.ts';
import type {Network} from '../../model/network.ts';
import {checkOptions, driverMtu} from '../options.ts';

/** What every driver with links of its own obeys. */
const shared: readonly string[] = [driverMtu, 'com.docker.network.container_iface_prefix'];
const isDockers = (option: string): boolean => option.startsWith('com.docker.network.');

/**
 * Refuses options that this driver would not obey: every other one of Docker's, and every plain word. Those with a dot in
 * their name are somebody's notes and kept.
 */
export function refuseUnknownOptions(network: Network, own: readonly string[]): void {
  const known = [...own, ...shared];
  for (const option of Object.keys(network.options)) {
    if (known.includes(option) || (option.includes('.') && !isDockers(option))) continue;
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `option "${option}" is not supported by the ${network.driver} driver: there are ${known.join(', ')}`,
    );
  }
  checkOptions(network);
}

/** The same for a driver that is a bridge besides: Docker's options are the bridge's matter. */
export function refuseUnknownWords({driver, options}: Network, own: readonly string[]): void {
  const option = Object.keys(options).find(each => !own.includes(each) && !each.includes('.'));
  if (option === undefined) return;
  throw new TnetError(
    'ERR_BAD_REQUEST',
    `option "${option}" is not supported by the ${driver} driver: there are ${own.join(', ')} and those of bridge`,
  );
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
export function numberOf({options}: Pick<Network, 'options'>, {option, min, max}: NumberRange): number | null {
  const text = options[option];
  if (text === undefined) return null;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new TnetError('ERR_BAD_REQUEST', `invalid value "${text}" of option "${option}": want ${min} to ${max}`);
}

/** Where the kernel gives a link its parent's MAC, another one cannot be asked for. */
export function refuseMac({name, driver}: Network, mac: Mac | null): void {
  if (mac === null) return;
  throw new TnetError(
    'ERR_BAD_REQUEST',
    `Cannot give MAC address ${mac} on network "${name}": its ${driver} containers have the parent's`,
  );
}
