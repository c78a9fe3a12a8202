import type {HealthcheckFields, HealthInspect} from '../api/health-types.ts';
import type {Health, Healthcheck} from '../model/healthcheck.ts';

export function encodeHealth({status, failingStreak, log}: Health): HealthInspect {
  return {
    Status: status,
    FailingStreak: failingStreak,
    Log: log.map(({start, end, exitCode, output}) => ({Start: start, End: end, ExitCode: exitCode, Output: output})),
  };
}

/** What was not asked for is left out, as Docker does. */
export function encodeHealthcheck(check: Healthcheck): HealthcheckFields {
  const fields = {
    Interval: check.intervalNs,
    Timeout: check.timeoutNs,
    StartPeriod: check.startPeriodNs,
    StartInterval: check.startIntervalNs,
    Retries: check.retries,
  };
  const asked = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== 0));
  return check.kind === '' ? asked : {Test: [check.kind, ...check.args], ...asked};
}
