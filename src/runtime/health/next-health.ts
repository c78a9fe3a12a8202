import type {Health, Healthcheck, HealthResult} from '../../model/healthcheck.ts';

/** Docker's defaults (moby daemon/health.go). */
const defaults = {intervalNs: 30e9, timeoutNs: 30e9, retries: 3, startIntervalNs: 5e9};
const keptResults = 5;
/** setTimeout() takes what is longer for 1 ms. */
const longestTimerMs = 2 ** 31 - 1;

/** Null: nothing is probed. */
export function probeArgs(check: Healthcheck | null): readonly string[] | null {
  if (check?.kind === 'CMD') return check.args;
  return check?.kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...check.args] : null;
}

/** At each start; what was found before stays readable. */
export function beginHealth(before: Health | null): Health {
  return {status: 'starting', failingStreak: 0, log: before?.log ?? []};
}

/** `startedMs`: of the container. */
export function nextHealth(health: Health, result: HealthResult, run: {check: Healthcheck; startedMs: number}): Health {
  const log = [...health.log, result].slice(-keptResults);
  if (result.exitCode === 0) return {status: 'healthy', failingStreak: 0, log};
  if (health.status === 'starting' && inStartPeriod(Date.parse(result.start), run)) return {...health, log};
  const failingStreak = health.failingStreak + 1;
  const failed = failingStreak >= (run.check.retries || defaults.retries);
  return {status: failed ? 'unhealthy' : health.status, failingStreak, log};
}

/** From the end of one probe to the next. */
export function probeDelayMs({status}: Health, nowMs: number, run: {check: Healthcheck; startedMs: number}): number {
  const {check} = run;
  const starting = status === 'starting' && inStartPeriod(nowMs, run);
  const ns = starting ? check.startIntervalNs || defaults.startIntervalNs : check.intervalNs || defaults.intervalNs;
  return Math.min(ns / 1e6, longestTimerMs);
}

export function probeTimeoutMs({timeoutNs}: Healthcheck): number {
  return Math.min((timeoutNs || defaults.timeoutNs) / 1e6, longestTimerMs);
}

function inStartPeriod(ms: number, {check, startedMs}: {check: Healthcheck; startedMs: number}): boolean {
  return ms - startedMs < check.startPeriodNs / 1e6;
}
