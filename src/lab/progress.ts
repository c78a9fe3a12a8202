import {mkdirSync, readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {dirname, join} from 'node:path';
import {replaceFile} from './replace-file.ts';

/** What a learner has done, over all labs. */
export interface Progress {
  readonly version: 1;
  /** Id of the exercise that was started last. */
  readonly current: string | null;
  readonly exercises: Readonly<Record<string, ExerciseProgress>>;
}

export interface ExerciseProgress {
  readonly attempts: number;
  readonly hints: number;
  /** The most that was ever earned: what passed once has passed. */
  readonly points: number;
  readonly passedAt: string | null;
}

export const untouched: ExerciseProgress = {attempts: 0, hints: 0, points: 0, passedAt: null};

type Env = Readonly<Record<string, string | undefined>>;

function progressPath(env: Env): string {
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local/state'), 'tnet/labs.json');
}

export function readProgress(env: Env): Progress {
  try {
    return JSON.parse(readFileSync(progressPath(env), 'utf8')) as Progress;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {version: 1, current: null, exercises: {}};
    throw new Error(`Cannot read "${progressPath(env)}": ${(error as Error).message}`, {cause: error});
  }
}

export function saveProgress(env: Env, progress: Progress): void {
  const path = progressPath(env);
  mkdirSync(dirname(path), {recursive: true});
  replaceFile(path, `${JSON.stringify(progress, null, 2)}\n`);
}

/** Changes one exercise's; makes it the current one. */
export function noteProgress(
  env: Env,
  id: string,
  change: (was: ExerciseProgress) => ExerciseProgress,
): ExerciseProgress {
  const progress = readProgress(env);
  const now = change(progress.exercises[id] ?? untouched);
  saveProgress(env, {...progress, current: id, exercises: {...progress.exercises, [id]: now}});
  return now;
}
