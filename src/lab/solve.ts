import {join} from 'node:path';
import {TnetError} from '../errors.ts';
import {checkExercise} from './exercise.ts';
import type {LabRecord} from './labs.ts';
import {runScript} from './run-script.ts';
import type {Exercise} from './scenario/catalog.ts';
import type {UpSpec} from './up.ts';

/**
 * Runs an exercise's solution; with a task, chunk after chunk only until that task and those before it pass, for who wants to go on
 * from there. Throws ERR_BAD_REQUEST where there is no such task.
 */
export async function solve(
  record: LabRecord,
  {folder, scenario}: Exercise,
  {env, until}: {readonly env: UpSpec['env']; readonly until: string | null},
): Promise<void> {
  const script = {path: join(folder, scenario.solution), env, onFailure: 'stop'} as const;
  if (until === null) return runScript(record, script);
  const last = scenario.tasks.findIndex(({id}) => id === until);
  if (last < 0)
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `No task "${until}" in "${scenario.id}"; there are ${scenario.tasks.map(({id}) => id).join(', ')}`,
    );
  const first = {folder, scenario: {...scenario, tasks: scenario.tasks.slice(0, last + 1)}};
  const isEnough = async (): Promise<boolean> =>
    (await checkExercise(record, first, {env, depth: 'first'})).status === 'pass';
  if (!(await isEnough())) await runScript(record, {...script, isEnough});
}
