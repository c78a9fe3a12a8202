import * as v from 'valibot';
import type {Healthcheck, HealthTestKind} from '../model/healthcheck.ts';
import {badRequest} from './failure.ts';
import {integer, orNull, texts} from './validate.ts';

const healthcheck = v.object({
  Test: orNull(texts),
  Interval: orNull(integer),
  Timeout: orNull(integer),
  Retries: orNull(integer),
  StartPeriod: orNull(integer),
  StartInterval: orNull(integer),
});

export const healthcheckFields = {Healthcheck: orNull(healthcheck)};

const kinds: readonly HealthTestKind[] = ['NONE', 'CMD', 'CMD-SHELL'];
const shortestNs = 1e6;

/** Throws ERR_BAD_REQUEST in Docker's words (moby daemon/container.go, validateHealthCheck). */
export function decodeHealthcheck(body: {
  readonly Healthcheck?: v.InferOutput<typeof healthcheck> | null | undefined;
}): Healthcheck | null {
  const given = body.Healthcheck;
  if (!given) return null;
  const duration = (name: 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval'): number => {
    const ns = given[name] ?? 0;
    if (ns !== 0 && ns < shortestNs) throw badRequest(`${name} in Healthcheck cannot be less than 1ms`);
    return ns;
  };
  const retries = given.Retries ?? 0;
  if (retries < 0) throw badRequest('Retries in Healthcheck cannot be negative');
  return {
    ...decodeTest(given.Test ?? []),
    intervalNs: duration('Interval'),
    timeoutNs: duration('Timeout'),
    retries,
    startPeriodNs: duration('StartPeriod'),
    startIntervalNs: duration('StartInterval'),
  };
}

/** Docker takes any kind, and never probes one it does not know. */
function decodeTest([name, ...args]: readonly string[]): Pick<Healthcheck, 'kind' | 'args'> {
  if (name === undefined) return {kind: '', args: []};
  const kind = kinds.find(each => each === name);
  if (kind === undefined) throw badRequest(`Unknown Healthcheck test "${name}": want NONE, CMD or CMD-SHELL`);
  const fits = kind === 'NONE' ? args.length === 0 : kind === 'CMD' ? args.length > 0 : args.length === 1;
  if (!fits)
    throw badRequest(`Healthcheck test ${kind} has ${args.length === 0 ? 'no command' : 'too many arguments'}`);
  return {kind, args};
}
