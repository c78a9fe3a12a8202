import test from 'ava';
import fc from 'fast-check';
import {belongings, makeHost, makeNeighbour} from '../fixture/host.ts';
import {type Step, sequences} from './model/steps.ts';
import {walk} from './model/walk.ts';

makeHost();
makeNeighbour();

/** `npm run soak:model -- 200 [SEED]` sets them. */
const numRuns = Number(process.env.TNET_RUNS ?? 6);
/** Shrinking counts too. */
const interruptAfterTimeLimit = process.env.TNET_RUNS ? 3_000_000 : 20_000;
const seed = Number(process.env.TNET_SEED ?? 20_251_124);

test('kernel, store and answers agree after each step of any sequence of commands', async t => {
  t.timeout(interruptAfterTimeLimit + 100_000);
  const idle = belongings();
  let walking: Promise<unknown> = Promise.resolve();
  const property = fc
    .asyncProperty(sequences, steps => {
      const done = walk(steps);
      walking = done.catch(() => {});
      return done;
    })
    .afterEach(async () => {
      await walking; // when time is up, fast-check does not wait for it
      t.deepEqual(belongings(), idle);
    });
  const details = await fc.check(property, {
    seed,
    numRuns,
    interruptAfterTimeLimit,
    endOnFailure: process.env.TNET_SHRINK === '0',
  });
  if (details.failed) t.fail(report(details));
  t.true(details.numRuns > 0);
});

/** The shortest sequence that fails, and how to have it again. */
function report({seed, counterexample, errorInstance, numRuns}: fc.RunDetails<[readonly Step[]]>): string {
  const steps = (counterexample?.[0] ?? []).map(step => `  ${JSON.stringify(step)}`).join('\n');
  return `seed ${seed}, run ${numRuns}:\n${steps}\n${(errorInstance as Error | null)?.message}`;
}
