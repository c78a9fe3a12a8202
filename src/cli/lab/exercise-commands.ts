import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Command} from 'commander';
import {TnetError} from '../../errors.ts';
import {checkExercise, endLab} from '../../lab/exercise.ts';
import {answerPath} from '../../lab/eyes/open-eyes.ts';
import {isAlive} from '../../lab/labs.ts';
import {readProgress, untouched} from '../../lab/progress.ts';
import {exitCodeOf} from '../../lab/results/result.ts';
import {pickExercise} from '../../lab/scenarios.ts';
import {solve} from '../../lab/solve.ts';
import {tracePacket} from '../../lab/why/explain.ts';
import {explainFirst} from '../../lab/why/explain-first.ts';
import type {WhyPlan} from '../../lab/why/plan-why.ts';
import type {Context} from '../context.ts';
import {formatTable} from '../table.ts';
import {formatResult} from './format-result.ts';
import {chooseLab, type LabOption, labOption, labsOf, partsOf} from './lab-context.ts';
import {
  exerciseOf,
  findWhy,
  noteResult,
  printHint,
  printList,
  printWhy,
  reset,
  start,
  startNext,
} from './learner-actions.ts';
import {watchExercise} from './watch-exercise.ts';

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
    .action(() => printList(context));
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
    .action(async (wanted: string) => void (await start(context, pickExercise(wanted, context.io.env))));
  lab
    .command('next')
    .description('begin the first exercise that you have not passed')
    .action(async () => void (await startNext(context)));
}

interface CheckOptions {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly watch?: boolean;
}

function registerCheck(lab: Command, context: Context): void {
  lab
    .command('check')
    .description('look at your work: exit code 0 passed, 1 not yet, 2 no lab, 3 the lab is damaged')
    .addOption(labOption())
    .option('--json', 'for programs, with the way of the first lost packet')
    .option('-w, --watch', 'look again whenever something changes in the lab')
    .option('--all', 'look at every check, also at those that an earlier failure explains')
    .action(async ({json, all, watch, ...option}: CheckOptions & LabOption) => {
      const record = chooseLab(context, option);
      if (watch) return watchExercise(context, record);
      const exercise = exerciseOf(record);
      const result = await checkExercise(record, exercise, {env: context.io.env, depth: all ? 'all' : 'first'});
      noteResult(context, result);
      const {scenario} = exercise;
      if (json)
        context.print(JSON.stringify(await explainFirst(record, {scenario, result}, partsOf(context)), null, 2));
      else context.print(formatResult(result, context.io.stdout));
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

function registerHelp(lab: Command, context: Context): void {
  lab
    .command('hint')
    .description('the next hint; it depends on what is seen in the lab')
    .addOption(labOption())
    .action((option: LabOption) => printHint(context, chooseLab(context, option)));
  lab
    .command('trace-packet', {hidden: true})
    .argument('<plan>')
    .action(async (plan: string) => context.print(JSON.stringify(await tracePacket(JSON.parse(plan) as WhyPlan))));
  lab
    .command('why')
    .description('what failing checks expected and found, and where the packet of the first ended')
    .addOption(labOption())
    .option('--json', 'for programs')
    .action(async ({json, ...option}: {json?: boolean} & LabOption) => {
      const record = chooseLab(context, option);
      if (json) context.print(JSON.stringify(await findWhy(context, record), null, 2));
      else await printWhy(context, record);
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
    .description('run the solution, whole or as far as a task needs it')
    .addOption(labOption())
    .option('--until <task>', 'stop when this task, and those before it, pass')
    .addHelpText('after', '\nExamples:\n  tnet lab solve\n  tnet lab solve --until gateway')
    .action(async ({until, ...option}: {until?: string} & LabOption) => {
      const record = chooseLab(context, option);
      await solve(record, exerciseOf(record), {env: context.io.env, until: until ?? null});
    });
}

function registerEnd(lab: Command, context: Context): void {
  lab
    .command('reset')
    .description('the exercise as it was in the beginning')
    .addOption(labOption())
    .action(async (option: LabOption) => void (await reset(context, chooseLab(context, option))));
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
