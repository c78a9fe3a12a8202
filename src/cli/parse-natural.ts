import {InvalidArgumentError} from 'commander';

/** A whole number from 1 on, of up to nine digits. */
export function parseNatural(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Want a whole number, 1 or more.');
  return Number(text);
}

/** `2.5`; timers of Node end at 24 days. */
export function parseSeconds(text: string): number {
  const seconds = /^\d{1,7}(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (seconds <= 0 || seconds > 2_000_000) throw new InvalidArgumentError('Want seconds, as 10 or 0.5, up to 2000000.');
  return seconds;
}
