import {release} from 'node:os';
import type {Command} from 'commander';
import type {Backend} from '../../lab/impair/plan-impair.ts';
import {type Probes, probeEffects} from '../../lab/impair/probe-effects.ts';
import {readExercises, scenarioFolders} from '../../lab/scenarios.ts';
import {unmet} from '../../lab/unmet.ts';
import type {Context} from '../context.ts';
import {formatTable} from '../table.ts';

interface Lacking {
  readonly exercise: string;
  readonly lacks: readonly string[];
}

/** `tnet lab doctor`: what labs can do on this machine, tried. */
export function registerLabDoctor(lab: Command, context: Context): void {
  lab
    .command('doctor')
    .description('which backend has which impairment on this kernel, and what exercises lack here')
    .option('--json', 'for programs')
    .action(async ({json}: {json?: boolean}) => {
      const probes = await probeEffects();
      const exercises = readExercises(scenarioFolders(context.io.env));
      const lacking = exercises
        .map(({scenario}): Lacking => ({exercise: scenario.id, lacks: unmet(scenario)}))
        .filter(({lacks}) => lacks.length > 0);
      const report = {kernel: release(), ...probes, exercises: exercises.length, lacking};
      context.print(json ? JSON.stringify(report, null, 2) : text(report, context));
    });
}

/** In a line each: 80 columns are enough. */
const ways: Readonly<Record<Backend, string>> = {
  netem: "the kernel's own queue for that, on the sending end",
  nft: "rules on the sending end's egress: table netdev impair-LINK",
  tbf: 'a token bucket on the sending end',
  relay: 'a process that holds frames back, with a link impN',
};

function text(
  {
    kernel,
    netem,
    effects,
    exercises,
    lacking,
  }: Probes & {readonly kernel: string; readonly exercises: number; readonly lacking: readonly Lacking[]},
  {io}: Context,
): string {
  const rows = effects.map(({effect, backend, problem}) => [
    effect,
    problem === null ? backend : 'none',
    problem === null ? ways[backend] : `${backend}: ${problem}`,
  ]);
  const columns = [{title: 'EFFECT'}, {title: 'BY'}, {title: 'HOW', shrinksTo: 20}];
  return [
    `Linux ${kernel}, ${netem ? 'with' : 'without'} netem`,
    '',
    formatTable(columns, rows, io.stdout),
    '',
    lacking.length === 0
      ? `All ${exercises} exercises can run here.`
      : `${exercises - lacking.length} of ${exercises} exercises can run here:`,
    ...lacking.map(({exercise, lacks}) => `  ${exercise} lacks ${lacks.join(', ')}`),
  ].join('\n');
}
