import {type Check, checkTypes, isActive, type SimpleCheck} from './check.ts';
import type {CheckType, Verdict} from './check-type.ts';
import {called, type Eyes, NoNodeError} from './eyes.ts';

/** The clock, given so that tests need not wait. */
export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface RunCheckSpec {
  readonly eyes: Eyes;
  readonly clock: Clock;
  /** How long it may take at least, whatever the check says. */
  readonly patienceMs?: number;
}

const retryMs = 25;
const activePatienceMs = 1000;

/** Looks until the check passes or its time is up; then, with `stable`, until it has passed long enough. */
export async function runCheck(check: Check, {eyes, clock, patienceMs = 0}: RunCheckSpec): Promise<Verdict> {
  const ownMs = check.within ?? (isActive(check) ? activePatienceMs : 0);
  const deadline = clock.now() + Math.max(ownMs, patienceMs);
  for (;;) {
    const verdict = await holds(check, eyes, clock);
    if (verdict.ok || clock.now() >= deadline) return worded(check, verdict);
    await clock.sleep(retryMs);
  }
}

async function holds(check: Check, eyes: Eyes, clock: Clock): Promise<Verdict> {
  const end = clock.now() + (check.stable ?? 0);
  for (;;) {
    const verdict = await lookOnce(check, eyes);
    if (!verdict.ok || clock.now() >= end) return verdict;
    await clock.sleep(retryMs);
  }
}

async function lookOnce(check: Check, eyes: Eyes): Promise<Verdict> {
  const verdict = check.type === 'any' ? await lookAny(check.of, eyes) : await look(check, eyes);
  return check.not ? negated(verdict) : verdict;
}

async function lookAny(checks: readonly SimpleCheck[], eyes: Eyes): Promise<Verdict> {
  const verdicts = await Promise.all(checks.map(each => lookOnce(each, eyes)));
  const passed = verdicts.find(({ok}) => ok);
  return (
    passed ?? {
      ok: false,
      expected: verdicts.map(each => each.expected).join(', or '),
      got: verdicts.map(each => each.got).join('; '),
    }
  );
}

async function look(check: SimpleCheck, eyes: Eyes): Promise<Verdict> {
  const {look: lookAt} = checkTypes[check.type] as CheckType<SimpleCheck>;
  try {
    return await lookAt(eyes, check);
  } catch (error) {
    if (!(error instanceof NoNodeError)) throw error;
    return {
      ok: false,
      expected: `there is a ${called(error.node)}`,
      got: 'there is none of that name',
      observed: 'none',
    };
  }
}

function negated({ok, expected, got, observed}: Verdict): Verdict {
  return {ok: !ok, expected: `not so: ${expected}`, got, ...(observed === undefined ? {} : {observed})};
}

function worded({message}: Check, verdict: Verdict): Verdict {
  return message === undefined || verdict.ok ? verdict : {...verdict, expected: message};
}
