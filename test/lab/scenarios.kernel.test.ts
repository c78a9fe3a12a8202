import {existsSync, readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import type {ExerciseParts} from '../../src/lab/exercise.ts';
import {openLabs} from '../../src/lab/labs.ts';
import {lint} from '../../src/lab/lint.ts';
import {readExercises} from '../../src/lab/scenarios.ts';
import {unmet} from '../../src/lab/unmet.ts';
import {verify} from '../../src/lab/verify.ts';
import {belongings, makeHost} from '../fixture/host.ts';

/** Every exercise is proven: unsolved it fails, wrong answers fail what they say, its solution passes, nothing stays. */
const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const exercises = readExercises([join(root, 'scenarios')]);
const runRoot = `${makeHost()}/labs-run`;
const parts: ExerciseParts = {
  labs: openLabs(runRoot),
  env: process.env,
  tnet: [process.execPath, join(root, 'dist/bin/tnet.cjs')],
};
let before: ReturnType<typeof belongings>;

test.before(() => {
  before = belongings();
});

/** Exercises wait more than they work, but for all at once the machine is too small: six rows of them, one after the other. */
const rows: Promise<unknown>[] = Array.from({length: 6}, () => Promise.resolve());

function inRow<T>(row: number, job: () => Promise<T>): Promise<T> {
  const done = rows[row]!.then(job);
  rows[row] = done.catch(() => {});
  return done;
}

for (const [i, exercise] of exercises.entries()) {
  const {id} = exercise.scenario;
  const missing = unmet(exercise.scenario);
  const declare = missing.length > 0 ? test.skip : test;
  declare(`scenario ${id} is what it says${missing.length > 0 ? ` [no ${missing.join(', ')}]` : ''}`, async t => {
    t.deepEqual(lint(exercise), []);
    const steps = await inRow(i % rows.length, () => {
      t.timeout(300_000); // eight labs, some with a daemon: 15 s on an idle machine, ten times that at load 20
      return verify(parts, exercise);
    });
    t.deepEqual(
      steps.filter(({problem}) => problem !== null),
      [],
    );
    t.true(steps.length >= 6);
  });
}

test.after.always('nothing of the labs stays', t => {
  t.deepEqual(belongings(), before);
  t.deepEqual(existsSync(`${runRoot}/labs`) ? readdirSync(`${runRoot}/labs`) : [], []);
});
