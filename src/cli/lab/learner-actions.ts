import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {TnetError} from '../../errors.ts';
import {checkExercise, endLab, startExercise} from '../../lab/exercise.ts';
import type {LabRecord} from '../../lab/labs.ts';
import {noteProgress, readProgress, untouched} from '../../lab/progress.ts';
import {chooseHint} from '../../lab/results/choose-hint.ts';
import type {LabResult} from '../../lab/results/result.ts';
import type {Exercise} from '../../lab/scenario/catalog.ts';
import type {Scenario} from '../../lab/scenario/parse-scenario.ts';
import {listExercises, readExercise, scenarioFolders} from '../../lab/scenarios.ts';
import {unmet} from '../../lab/unmet.ts';
import {explainFirst} from '../../lab/why/explain-first.ts';
import type {TraceReport} from '../../model/trace.ts';
import type {Context} from '../context.ts';
import {formatTrace} from '../format-trace.ts';
import {formatTable} from '../table.ts';
import {labsOf, partsOf} from './lab-context.ts';
import {paint} from './paint.ts';

/** What a command and a key of `check --watch` do alike. */
export function printList({io, print}: Context): void {
  const {exercises: done, current} = readProgress(io.env);
  const rows = listExercises(scenarioFolders(io.env)).map(({scenario}) => {
    const {passedAt, attempts} = done[scenario.id] ?? untouched;
    const state = passedAt !== null ? 'passed' : scenario.id === current ? 'under way' : attempts > 0 ? 'tried' : '';
    return [`${scenario.order}`, scenario.id, scenario.track, `${scenario.minutes} min`, state, scenario.title];
  });
  const columns = ['#', 'ID', 'TRACK', 'TIME', 'STATE', 'TITLE'].map(title => ({title}));
  print(formatTable(columns, rows, io.stdout));
}

export async function start(context: Context, exercise: Exercise): Promise<LabRecord> {
  const {scenario, folder} = exercise;
  refuseUnmet(scenario);
  const record = await startExercise(partsOf(context), exercise, scenario.id);
  noteProgress(context.io.env, scenario.id, was => was);
  context.print(readFileSync(join(folder, 'README.md'), 'utf8').trimEnd());
  context.print(
    `\n${paint(context.io.stdout, 'dim', '`tnet lab shell [NODE]` takes you in, `tnet lab check` looks at your work, `tnet lab hint` helps.')}`,
  );
  return record;
}

function refuseUnmet(scenario: Scenario): void {
  const missing = unmet(scenario);
  if (missing.length > 0)
    throw new TnetError('ERR_UNSUPPORTED', `This exercise needs what is missing here: ${missing.join(', ')}`);
}

/** Null when all are passed. */
export async function startNext(context: Context): Promise<LabRecord | null> {
  const {exercises, current} = readProgress(context.io.env);
  const open = listExercises(scenarioFolders(context.io.env)).find(({scenario}) => !exercises[scenario.id]?.passedAt);
  if (open === undefined) {
    context.print('You have passed every exercise. Well done!');
    return null;
  }
  if (current !== null && current !== open.scenario.id) await endLab(labsOf(context), current);
  return start(context, readExercise(open.folder));
}

export function exerciseOf(record: LabRecord): Exercise {
  if (record.scenario === null)
    throw new TnetError('ERR_BAD_REQUEST', `Lab "${record.name}" is no exercise: it has nothing to check`);
  return readExercise(record.scenario);
}

export function noteResult(context: Context, {scenario, status, earned}: LabResult): void {
  noteProgress(context.io.env, scenario, was => ({
    ...was,
    attempts: was.attempts + 1,
    points: Math.max(was.points, earned),
    passedAt: was.passedAt ?? (status === 'pass' ? new Date().toISOString() : null),
  }));
}

export async function printHint(context: Context, record: LabRecord): Promise<void> {
  const exercise = exerciseOf(record);
  const result = await checkExercise(record, exercise, {env: context.io.env, depth: 'first'});
  const {hints} = noteProgress(context.io.env, exercise.scenario.id, was => ({...was, hints: was.hints + 1}));
  const nothingMore = 'There is no more to say: look at what `tnet lab why` finds.';
  context.print(chooseHint(exercise.scenario, result, hints - 1) ?? nothingMore);
}

interface Failure {
  readonly id: string;
  readonly expected: string;
  readonly got: string;
  /** The way of its packet; null of checks that send none, and of all but the first that does. */
  readonly why: TraceReport | null;
}

export async function findWhy(context: Context, record: LabRecord): Promise<readonly Failure[]> {
  const exercise = exerciseOf(record);
  const looked = await checkExercise(record, exercise, {env: context.io.env, depth: 'all'});
  const {scenario} = exercise;
  const {guards, tasks} = await explainFirst(record, {scenario, result: looked}, partsOf(context));
  const failed = [...guards, ...tasks.flatMap(({checks}) => checks)].filter(({status}) => status === 'fail');
  return failed.map(({id, expected, got, why = null}) => ({id, expected, got, why}));
}

/** What fails, got versus expected, and the way of the first failing check's packet, if one sends any. */
export async function printWhy(context: Context, record: LabRecord): Promise<void> {
  const failures = await findWhy(context, record);
  if (failures.length === 0) return context.print('Everything is as it should be.');
  for (const {id, expected, got} of failures) context.print(`${id}\n  expected  ${expected}\n  got       ${got}`);
  for (const {id, why} of failures)
    if (why !== null) context.print(`\nthe packet of ${id}: ${formatTrace(why, context.io.stdout)}`);
}

export async function reset(context: Context, record: LabRecord): Promise<LabRecord> {
  const begin = performance.now();
  const fresh = await startExercise(partsOf(context), exerciseOf(record), record.name);
  context.print(`${record.name} is fresh again (${Math.round(performance.now() - begin)} ms)`);
  return fresh;
}
