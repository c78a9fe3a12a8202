import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {checkExercise, type ExerciseParts, endLab, startExercise} from './exercise.ts';
import type {LabRecord} from './labs.ts';
import {startTimeOf} from './labs.ts';
import {failedChecks, type LabResult} from './results/result.ts';
import {runScript} from './run-script.ts';
import type {Exercise} from './scenario/catalog.ts';
import {parseScript} from './scenario/parse-script.ts';
import {slowness} from './slowness.ts';

export interface VerifyStep {
  /** `unsolved`, `wrong/one-end.sh`, `solution`, `solution again`, `reset`, `stop`. */
  readonly name: string;
  readonly ms: number;
  /** Null: as it should be. */
  readonly problem: string | null;
}

/** For checks that are to pass: the machine may be busy. */
const longPatienceMs = 8000;

interface Trial {
  readonly script: string | null;
  readonly onFailure?: 'stop' | 'go on';
  /** Checks and guards that are expected to fail. */
  readonly failing: readonly string[];
}

/**
 * Proves an exercise: it fails unsolved, every wrong answer fails exactly the checks it names, the solution passes, twice,
 * a reset makes it fail again, and stopping leaves nothing.
 */
export async function verify(parts: ExerciseParts, exercise: Exercise): Promise<readonly VerifyStep[]> {
  const name = `verify-${exercise.scenario.id}`;
  const steps: VerifyStep[] = [];
  const step = async (title: string, job: () => Promise<string | null>): Promise<void> => {
    const start = performance.now();
    const problem = await job().catch((error: Error) => error.message);
    steps.push({name: title, ms: Math.round(performance.now() - start), problem});
  };
  const {solution, tasks} = exercise.scenario;
  const everything = tasks.flatMap(({checks}) => checks.map(({id}) => id));
  const fresh = async ({script, onFailure = 'stop', failing}: Trial): Promise<LabResult> => {
    const record = await startExercise(parts, exercise, name);
    if (script !== null) await runScript(record, {path: join(exercise.folder, script), env: parts.env, onFailure});
    const patienceMs = (id: string): number => (failing.includes(id) ? 0 : longPatienceMs * slowness(parts.env));
    return checkExercise(record, exercise, {env: parts.env, depth: 'all', patienceMs});
  };
  const unsolved = async (): Promise<string | null> =>
    unsolvedProblem(await fresh({script: null, failing: everything}));
  const solved = async (): Promise<string | null> => solvedProblem(await fresh({script: solution, failing: []}));
  await step('unsolved', unsolved);
  for (const script of wrongAnswers(exercise)) {
    const wanted = parseScript(readFileSync(join(exercise.folder, script), 'utf8'));
    const failing = [...wanted.expectFail, ...wanted.expectGuard];
    await step(script, async () => wrongProblem(await fresh({script, onFailure: 'go on', failing}), wanted));
  }
  await step('solution', solved);
  await step('solution again', solved);
  await step('reset', unsolved);
  await step('stop', () => stopProblem(parts, name));
  return steps;
}

function wrongAnswers({folder}: Exercise): readonly string[] {
  const wrong = join(folder, 'wrong');
  if (!existsSync(wrong)) return [];
  return readdirSync(wrong)
    .filter(file => file.endsWith('.sh'))
    .sort()
    .map(file => join('wrong', basename(file)));
}

function unsolvedProblem(result: LabResult): string | null {
  if (result.status === 'fail') return null;
  if (result.status === 'broken') return `a guard is broken before anybody did anything: ${brokenGuards(result)}`;
  return 'it passes although nobody did anything';
}

function solvedProblem(result: LabResult): string | null {
  if (result.status === 'pass') return null;
  if (result.status === 'broken') return `it breaks a guard: ${brokenGuards(result)}`;
  return `still failing: ${failedChecks(result)
    .map(({id, expected, got}) => `${id}: want ${expected}; got ${got}`)
    .join(' | ')}`;
}

function wrongProblem(
  result: LabResult,
  wanted: {readonly expectFail: readonly string[]; readonly expectGuard: readonly string[]},
): string | null {
  const failed = failedChecks(result).map(({id}) => id);
  const guards = result.guards.filter(({status}) => status === 'fail').map(({id}) => id);
  const same = (a: readonly string[], b: readonly string[]): boolean => [...a].sort().join() === [...b].sort().join();
  if (wanted.expectFail.length + wanted.expectGuard.length === 0)
    return 'it names no check: add "# expect-fail: ID, …"';
  if (!same(failed, wanted.expectFail))
    return `want ${wanted.expectFail.join(', ') || 'no check'} to fail; ${failed.join(', ') || 'none'} did`;
  return same(guards, wanted.expectGuard)
    ? null
    : `want guards ${wanted.expectGuard.join(', ') || '(none)'} to break; ${guards.join(', ') || 'none'} did`;
}

function brokenGuards({guards}: LabResult): string {
  return guards
    .filter(({status}) => status === 'fail')
    .map(({id, got}) => `${id}: ${got}`)
    .join(' | ');
}

/** With the holder go its processes, mounts, namespaces and links; so it and its record are what can be left. */
async function stopProblem({labs}: ExerciseParts, name: string): Promise<string | null> {
  const record: LabRecord | null = labs.find(name);
  await endLab(labs, name);
  if (labs.find(name) !== null) return 'its record is still there';
  if (record !== null && startTimeOf(record.pid) !== null) return `its holder ${record.pid} still runs`;
  return null;
}
