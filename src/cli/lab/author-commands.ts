import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Command} from 'commander';
import {lint} from '../../lab/lint.ts';
import {scenarioParts} from '../../lab/new-scenario.ts';
import type {Exercise} from '../../lab/scenario/catalog.ts';
import {pickExercise, readExercises, scenarioFolders} from '../../lab/scenarios.ts';
import {unmet} from '../../lab/unmet.ts';
import {verify} from '../../lab/verify.ts';
import type {Context} from '../context.ts';
import {partsOf} from './lab-context.ts';
import {paint} from './paint.ts';

/** What an author of exercises does. */
export function registerAuthorCommands(lab: Command, context: Context): void {
  lab
    .command('new')
    .description('write the files of a new exercise')
    .argument('<folder>', 'as scenarios/050-return-path')
    .action((folder: string) => {
      if (existsSync(folder)) return context.fail(`"${folder}" is there already`);
      mkdirSync(join(folder, 'wrong'), {recursive: true});
      for (const [name, text] of Object.entries(scenarioParts(folder))) writeFileSync(join(folder, name), text);
      context.print(folder);
    });
  lab
    .command('lint')
    .description('read an exercise and say everything that is wrong with its files')
    .argument('[exercise...]', 'ids or folders; all by default')
    .action((wanted: readonly string[]) => {
      for (const exercise of chosen(wanted, context)) for (const problem of lint(exercise)) context.fail(problem);
    });
  lab
    .command('verify')
    .description(
      'prove exercises: unsolved they fail, wrong answers fail what they name, the solution passes twice, nothing stays',
    )
    .argument('[exercise...]', 'ids or folders')
    .option('-a, --all', 'every exercise')
    .action(async (wanted: readonly string[], {all}: {all?: boolean}) => {
      if (wanted.length === 0 && !all) return context.fail('say which exercises, or --all');
      for (const exercise of chosen(all ? [] : wanted, context)) await verifyOne(exercise, context);
    });
}

function chosen(wanted: readonly string[], {io}: Context): readonly Exercise[] {
  return wanted.length === 0 ? readExercises(scenarioFolders(io.env)) : wanted.map(each => pickExercise(each, io.env));
}

async function verifyOne(exercise: Exercise, context: Context): Promise<void> {
  const {stdout} = context.io;
  const problems = lint(exercise);
  for (const problem of problems) context.fail(problem);
  const lacks = unmet(exercise.scenario);
  if (lacks.length > 0)
    return context.print(`– ${exercise.scenario.id}  skipped: this machine lacks ${lacks.join(', ')}`);
  const steps = await verify(partsOf(context), exercise);
  const bad = steps.filter(({problem}) => problem !== null);
  const sign = bad.length === 0 ? paint(stdout, 'green', '✓') : paint(stdout, 'red', '✗');
  const ms = steps.reduce((sum, each) => sum + each.ms, 0);
  context.print(`${sign} ${exercise.scenario.id}  ${steps.length} steps, ${ms} ms`);
  for (const {name, problem} of bad) context.fail(`${exercise.scenario.id}: ${name}: ${problem}`);
}
