import type {TraceReport} from '../../model/trace.ts';

/** What a check run found; `tnet lab check --json` prints it. */
export interface LabResult {
  readonly version: 1;
  readonly scenario: string;
  /** `broken`: a guard is, so that the rest means nothing. */
  readonly status: 'pass' | 'fail' | 'broken';
  readonly earned: number;
  readonly points: number;
  readonly tasks: readonly TaskResult[];
  readonly guards: readonly CheckResult[];
}

export interface TaskResult {
  readonly id: string;
  readonly title: string;
  readonly status: 'pass' | 'fail';
  readonly earned: number;
  readonly points: number;
  readonly checks: readonly CheckResult[];
}

export interface CheckResult {
  readonly id: string;
  readonly type: string;
  /** `skip`: something below it has failed, which explains it. */
  readonly status: 'pass' | 'fail' | 'skip';
  readonly expected: string;
  readonly got: string;
  /** For hints: `none`, `silence` … */
  readonly observed: string | null;
  readonly ms: number;
  /** The way of its packet; of the first failing check that sends one, where it was asked for. */
  readonly why?: TraceReport;
}

/** Exit codes of `check`: 0 pass, 1 fail, 2 no lab or an error, 3 a guard is broken. */
export function exitCodeOf({status}: LabResult): number {
  return {pass: 0, fail: 1, broken: 3}[status];
}

export function failedChecks({tasks}: Pick<LabResult, 'tasks'>): readonly CheckResult[] {
  return tasks.flatMap(({checks}) => checks).filter(({status}) => status === 'fail');
}
