import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {awaitServing} from './await-serving.ts';
import {down} from './down.ts';
import {openEyes} from './eyes/open-eyes.ts';
import {readDaemon} from './eyes/read-daemon.ts';
import {keepPicture, wantedPicture} from './eyes/starting-picture.ts';
import type {LabRecord, Labs} from './labs.ts';
import {type GradeSpec, grade} from './results/grade.ts';
import type {LabResult} from './results/result.ts';
import {runScript} from './run-script.ts';
import type {Exercise} from './scenario/catalog.ts';
import {parseTopology} from './topology/parse-topology.ts';
import {awaitForwarding, type UpSpec, up} from './up.ts';

/** What starting an exercise needs of the world. */
export type ExerciseParts = Pick<UpSpec, 'labs' | 'env' | 'tnet'>;

/** Brings an exercise's lab up under `name`, as the learner is to find it. What is up under that name goes first. */
export async function startExercise(
  parts: ExerciseParts,
  {folder, scenario}: Exercise,
  name: string,
): Promise<LabRecord> {
  await endLab(parts.labs, name);
  const path = join(folder, scenario.topology);
  const topology = {...parseTopology(readFileSync(path, 'utf8'), path), name};
  const record = await up({...parts, topology, scenario: folder});
  try {
    await awaitForwarding(record);
    await awaitServing(record, parts.env);
    if (scenario.setup !== undefined)
      await runScript(record, {path: join(folder, scenario.setup), env: parts.env, onFailure: 'stop'});
    await keepStart(record, scenario, parts.env);
  } catch (cause) {
    await down(parts.labs, record);
    throw cause;
  }
  return record;
}

/** For checks that compare with how it was. */
async function keepStart(record: LabRecord, scenario: Exercise['scenario'], env: UpSpec['env']): Promise<void> {
  const wanted = wantedPicture(scenario);
  if (wanted.length === 0) return;
  const eyes = openEyes(record, env, await readDaemon(record));
  try {
    keepPicture(record, wanted, eyes);
  } finally {
    eyes.close();
  }
}

export async function endLab(labs: Labs, name: string): Promise<void> {
  const known = labs.find(name);
  if (known !== null) await down(labs, known);
}

export async function checkExercise(
  record: LabRecord,
  {scenario}: Exercise,
  {env, ...spec}: {readonly env: UpSpec['env']} & Pick<GradeSpec, 'depth' | 'patienceMs'>,
): Promise<LabResult> {
  const eyes = openEyes(record, env, await readDaemon(record));
  try {
    return await grade({scenario, eyes, ...spec, clock: {now: () => performance.now(), sleep: ms => sleep(ms)}});
  } finally {
    eyes.close();
  }
}
