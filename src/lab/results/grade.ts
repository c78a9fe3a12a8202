import {layerOf} from '../check/check.ts';
import {layers} from '../check/check-type.ts';
import type {Eyes} from '../check/eyes.ts';
import {type Clock, runCheck} from '../check/run-check.ts';
import type {NamedCheck, Scenario, Task} from '../scenario/parse-scenario.ts';
import type {CheckResult, LabResult, TaskResult} from './result.ts';

/** `first`: a task ends at its lowest failing check; `all`: every check is looked at, as authors want it. */
export type Depth = 'first' | 'all';

export interface GradeSpec {
  readonly scenario: Scenario;
  readonly eyes: Eyes;
  readonly clock: Clock;
  readonly depth: Depth;
  /** Who knows that a check will pass, as `verify` does, may wait longer for it; ms. */
  readonly patienceMs?: (id: string) => number;
}

/** Looks at everything, guards first. */
export async function grade(spec: GradeSpec): Promise<LabResult> {
  const {scenario, depth} = spec;
  const guards = await gradeAll(scenario.guards, spec);
  const broken = guards.some(({status}) => status === 'fail');
  const tasks: TaskResult[] = [];
  for (const task of scenario.tasks) {
    const checks = await (broken && depth === 'first' ? skipAll(task) : gradeChecks(task, spec));
    tasks.push(toTask(task, checks));
  }
  const passed = tasks.every(({status}) => status === 'pass');
  const sum = (key: 'earned' | 'points'): number => tasks.reduce((total, each) => total + each[key], 0);
  const status = broken ? 'broken' : passed ? 'pass' : 'fail';
  return {version: 1, scenario: scenario.id, status, earned: sum('earned'), points: sum('points'), tasks, guards};
}

function gradeChecks({checks}: Task, spec: GradeSpec): Promise<readonly CheckResult[]> {
  return spec.depth === 'all' ? gradeAll(checks, spec) : gradeUntilFailure(checks, spec);
}

/** In the order of the file, but looked at from the lowest layer up. */
async function gradeUntilFailure(checks: readonly NamedCheck[], spec: GradeSpec): Promise<readonly CheckResult[]> {
  const results = new Map<string, CheckResult>();
  const sorted = [...checks].sort((a, b) => layers[layerOf(a)] - layers[layerOf(b)]);
  let failed = false;
  for (const check of sorted) {
    const result: CheckResult = failed ? skipped(check) : await gradeOne(check, spec);
    failed ||= result.status === 'fail';
    results.set(check.id, result);
  }
  return checks.map(({id}) => results.get(id)!);
}

/** Those that count or measure what passes are alone; the rest need not wait for each other. */
async function gradeAll(checks: readonly NamedCheck[], spec: GradeSpec): Promise<readonly CheckResult[]> {
  const counts = ({type}: NamedCheck): boolean => ['pcap', 'counter', 'bandwidth', 'any'].includes(type);
  const together = await Promise.all(checks.filter(check => !counts(check)).map(check => gradeOne(check, spec)));
  const results = new Map(together.map(result => [result.id, result]));
  for (const check of checks.filter(counts)) results.set(check.id, await gradeOne(check, spec));
  return checks.map(({id}) => results.get(id)!);
}

async function gradeOne(check: NamedCheck, {eyes, clock, patienceMs = () => 0}: GradeSpec): Promise<CheckResult> {
  const start = clock.now();
  const {ok, expected, got, observed} = await runCheck(check, {eyes, clock, patienceMs: patienceMs(check.id)});
  const ms = Math.round(clock.now() - start);
  return {id: check.id, type: check.type, status: ok ? 'pass' : 'fail', expected, got, observed: observed ?? null, ms};
}

function skipped({id, type}: NamedCheck): CheckResult {
  return {id, type, status: 'skip', expected: '', got: '', observed: null, ms: 0};
}

async function skipAll({checks}: Task): Promise<readonly CheckResult[]> {
  return checks.map(skipped);
}

function toTask({id, title, points}: Task, checks: readonly CheckResult[]): TaskResult {
  const passed = checks.every(({status}) => status === 'pass');
  return {id, title, status: passed ? 'pass' : 'fail', earned: passed ? points : 0, points, checks};
}
