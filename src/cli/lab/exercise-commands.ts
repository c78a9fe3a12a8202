import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {type Command, Option} from 'commander';
import {TnetError} from '../../errors.ts';
import {checkExercise, endLab, startExercise} from '../../lab/exercise.ts';
import {answerPath} from '../../lab/eyes/open-eyes.ts';
import {isAlive, type LabRecord} from '../../lab/labs.ts';
import {noteProgress, readProgress, untouched} from '../../lab/progress.ts';
import {chooseHint} from '../../lab/results/choose-hint.ts';
import {exitCodeOf, type LabResult} from '../../lab/results/result.ts';
import {runScript} from '../../lab/run-script.ts';
import type {Exercise} from '../../lab/scenario/catalog.ts';
import type {Scenario} from '../../lab/scenario/parse-scenario.ts';
import {pickExercise, readExercise, readExercises, scenarioFolders} from '../../lab/scenarios.ts';
import {unmet} from '../../lab/unmet.ts';
import type {Context} from '../context.ts';
import {formatTable} from '../table.ts';
import {formatResult} from './format-result.ts';
import {chooseLab, type LabOption, labsOf, partsOf} from './lab-context.ts';
import {paint} from './paint.ts';

const labOption = (): Option =>
  new Option('-l, --lab <name>', 'which lab (TNET_LAB, the exercise under way, the only one)');

/** What a learner does. */
export function registerExerciseCommands(lab: Command, context: Context): void {
  registerList(lab, context);
  registerStart(lab, context);
  registerCheck(lab, context);
  registerHelp(lab, context);
  registerSolution(lab, context);
  registerEnd(lab, context);
}

function registerList(lab: Command, context: Context): void {
  lab
    .command('list')
    .description('the exercises, and how far you are')
    .action(() => {
      const {exercises: done, current} = readProgress(context.io.env);
      const rows = readExercises(scenarioFolders(context.io.env)).map(({scenario}) => {
        const {passedAt, attempts} = done[scenario.id] ?? untouched;
        const state =
          passedAt !== null ? 'passed' : scenario.id === current ? 'under way' : attempts > 0 ? 'tried' : '';
        return [`${scenario.order}`, scenario.id, scenario.track, `${scenario.minutes} min`, state, scenario.title];
      });
      context.print(
        formatTable(
          ['#', 'ID', 'TRACK', 'TIME', 'STATE', 'TITLE'].map(title => ({title})),
          rows,
          context.io.stdout,
        ),
      );
    });
  lab
    .command('progress')
    .description('points by exercise')
    .action(() => {
      const {exercises} = readProgress(context.io.env);
      const rows = Object.entries(exercises).map(([id, each]) => [
        id,
        `${each.points}`,
        `${each.attempts}`,
        `${each.hints}`,
        each.passedAt ?? '',
      ]);
      context.print(
        formatTable(
          ['ID', 'POINTS', 'CHECKS', 'HINTS', 'PASSED'].map(title => ({title})),
          rows,
          context.io.stdout,
        ),
      );
    });
}

function registerStart(lab: Command, context: Context): void {
  lab
    .command('start')
    .description('begin an exercise')
    .argument('<exercise>', 'id or number, as `tnet lab list` shows them; or a folder')
    .action((wanted: string) => start(context, pickExercise(wanted, context.io.env)));
  lab
    .command('next')
    .description('begin the first exercise that you have not passed')
    .action(async () => {
      const {exercises, current} = readProgress(context.io.env);
      const open = readExercises(scenarioFolders(context.io.env)).find(
        ({scenario}) => !exercises[scenario.id]?.passedAt,
      );
      if (open === undefined) return context.print('You have passed every exercise. Well done!');
      if (current !== null && current !== open.scenario.id) await endLab(labsOf(context), current);
      await start(context, open);
    });
}

async function start(context: Context, exercise: Exercise): Promise<void> {
  const {scenario, folder} = exercise;
  refuseUnmet(scenario);
  await startExercise(partsOf(context), exercise, scenario.id);
  noteProgress(context.io.env, scenario.id, was => was);
  context.print(readFileSync(join(folder, 'README.md'), 'utf8').trimEnd());
  context.print(
    `\n${paint(context.io.stdout, 'dim', '`tnet lab shell [NODE]` takes you in, `tnet lab check` looks at your work, `tnet lab hint` helps.')}`,
  );
}

function refuseUnmet(scenario: Scenario): void {
  const missing = unmet(scenario);
  if (missing.length > 0)
    throw new TnetError('ERR_UNSUPPORTED', `This exercise needs what is missing here: ${missing.join(', ')}`);
}

function exerciseOf(record: LabRecord): Exercise {
  if (record.scenario === null)
    throw new TnetError('ERR_BAD_REQUEST', `Lab "${record.name}" is no exercise: it has nothing to check`);
  return readExercise(record.scenario);
}

function registerCheck(lab: Command, context: Context): void {
  lab
    .command('check')
    .description('look at your work: exit code 0 passed, 1 not yet, 2 no lab, 3 the lab is damaged')
    .addOption(labOption())
    .option('--json', 'for programs')
    .option('--all', 'look at every check, also at those that an earlier failure explains')
    .action(async ({json, all, ...option}: {json?: boolean; all?: boolean} & LabOption) => {
      const record = chooseLab(context, option);
      const exercise = exerciseOf(record);
      const result = await checkExercise(record, exercise, {env: context.io.env, depth: all ? 'all' : 'first'});
      noteResult(context, result);
      context.print(json ? JSON.stringify(result, null, 2) : formatResult(result, context.io.stdout));
      context.exitWith(exitCodeOf(result));
    });
  lab
    .command('answer')
    .description('answer a question of the exercise')
    .argument('<question>')
    .argument('<value...>')
    .addOption(labOption())
    .action((question: string, value: readonly string[], option: LabOption) => {
      const path = answerPath(chooseLab(context, option).pid, question);
      mkdirSync(dirname(path), {recursive: true});
      writeFileSync(path, `${value.join(' ')}\n`);
    });
}

function noteResult(context: Context, {scenario, status, earned}: LabResult): void {
  noteProgress(context.io.env, scenario, was => ({
    ...was,
    attempts: was.attempts + 1,
    points: Math.max(was.points, earned),
    passedAt: was.passedAt ?? (status === 'pass' ? new Date().toISOString() : null),
  }));
}

function registerHelp(lab: Command, context: Context): void {
  lab
    .command('hint')
    .description('the next hint; it depends on what is seen in the lab')
    .addOption(labOption())
    .action(async (option: LabOption) => {
      const record = chooseLab(context, option);
      const exercise = exerciseOf(record);
      const result = await checkExercise(record, exercise, {env: context.io.env, depth: 'first'});
      const {hints} = noteProgress(context.io.env, exercise.scenario.id, was => ({...was, hints: was.hints + 1}));
      context.print(
        chooseHint(exercise.scenario, result, hints - 1) ??
          'There is no more to say: look at what `tnet lab why` finds.',
      );
    });
  lab
    .command('why')
    .description('what the first failing check expected, and what it found')
    .addOption(labOption())
    .action(async (option: LabOption) => {
      const record = chooseLab(context, option);
      const result = await checkExercise(record, exerciseOf(record), {env: context.io.env, depth: 'all'});
      const failed = [...result.guards, ...result.tasks.flatMap(({checks}) => checks)].filter(
        ({status}) => status === 'fail',
      );
      if (failed.length === 0) context.print('Everything is as it should be.');
      for (const {id, expected, got} of failed) context.print(`${id}\n  expected  ${expected}\n  got       ${got}`);
    });
}

function registerSolution(lab: Command, context: Context): void {
  lab
    .command('solution')
    .description('the explained solution, once you have passed; --force before')
    .addOption(labOption())
    .option('--force', 'even so')
    .action(({force, ...option}: {force?: boolean} & LabOption) => {
      const {folder, scenario} = exerciseOf(chooseLab(context, option));
      const {passedAt} = readProgress(context.io.env).exercises[scenario.id] ?? untouched;
      if (passedAt === null && !force)
        throw new TnetError('ERR_BAD_REQUEST', 'Pass it first, or say --force; `tnet lab hint` helps on the way');
      context.print(readFileSync(join(folder, 'solution.md'), 'utf8').trimEnd());
    });
  lab
    .command('solve')
    .description('run the solution')
    .addOption(labOption())
    .action(async (option: LabOption) => {
      const record = chooseLab(context, option);
      const {folder, scenario} = exerciseOf(record);
      await runScript(record, {path: join(folder, scenario.solution), env: context.io.env, onFailure: 'stop'});
    });
}

function registerEnd(lab: Command, context: Context): void {
  lab
    .command('reset')
    .description('the exercise as it was in the beginning')
    .addOption(labOption())
    .action(async (option: LabOption) => {
      const begin = performance.now();
      const record = chooseLab(context, option);
      await startExercise(partsOf(context), exerciseOf(record), record.name);
      context.print(`${record.name} is fresh again (${Math.round(performance.now() - begin)} ms)`);
    });
  lab
    .command('stop')
    .description('end the exercise; your progress stays')
    .argument('[name]', 'exercise')
    .action(async (name: string | undefined) => {
      const labs = labsOf(context);
      const wanted = name ?? readProgress(context.io.env).current;
      const known = wanted === null ? null : labs.find(wanted);
      const record =
        known !== null && isAlive(known) ? known : chooseLab(context, name === undefined ? {} : {lab: name});
      await endLab(labs, record.name);
      context.print(record.name);
    });
}
