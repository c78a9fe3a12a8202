import {parseDuration} from '../model/duration.ts';
import type {Healthcheck} from '../model/healthcheck.ts';
import {decodeHealthcheck} from './decode-healthcheck.ts';
import {badRequest} from './failure.ts';

const flags: Readonly<Record<string, string>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
  retries: 'Retries',
};

/** What follows HEALTHCHECK: `NONE`, or `[--interval=30s …] CMD` and a line or a JSON array. Throws ERR_BAD_REQUEST. */
export function parseImageHealthcheck(
  text: string,
  parseCommand: (rest: string) => readonly string[] | null,
): Healthcheck {
  const [, options = '', word = '', rest = ''] = /^((?:--\S+\s+)*)(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const kind = word.toUpperCase();
  if (kind !== 'NONE' && kind !== 'CMD')
    throw badRequest(`Unknown type ${JSON.stringify(word)} in HEALTHCHECK (try CMD)`);
  const numbers = Object.fromEntries(options.split(/\s+/).filter(Boolean).map(parseFlag));
  const healthcheck = decodeHealthcheck({Healthcheck: {...numbers, Test: testOf(kind, rest, parseCommand)}});
  return healthcheck!;
}

function testOf(
  kind: 'NONE' | 'CMD',
  rest: string,
  parseCommand: (rest: string) => readonly string[] | null,
): string[] {
  if (kind === 'NONE') return ['NONE', ...(rest === '' ? [] : [rest])];
  const command = parseCommand(rest);
  if (command === null && rest === '') throw badRequest('Missing command after HEALTHCHECK CMD');
  return command === null ? ['CMD-SHELL', rest] : ['CMD', ...command];
}

function parseFlag(flag: string): [string, number] {
  const [, name = '', value = ''] = /^--([a-z-]+)=(.+)$/.exec(flag) ?? [];
  const field = flags[name];
  if (field === undefined) throw badRequest(`Unknown flag: ${flag}`);
  if (field !== 'Retries') return [field, parseTime(value)];
  if (!/^[1-9]\d{0,8}$/.test(value)) throw badRequest(`--retries must be at least 1 (not ${value})`);
  return [field, Number(value)];
}

function parseTime(value: string): number {
  const ns = parseDuration(value);
  if (ns === null) throw badRequest(`invalid duration "${value}": want one like 30s or 1m30s`);
  return ns;
}
