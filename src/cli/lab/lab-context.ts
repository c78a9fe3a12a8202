import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {Option} from 'commander';
import {TnetError} from '../../errors.ts';
import type {ExerciseParts} from '../../lab/exercise.ts';
import {isAlive, type LabRecord, type Labs, openLabs} from '../../lab/labs.ts';
import {readProgress} from '../../lab/progress.ts';
import type {Context} from '../context.ts';

/** Of every command that is about one lab. */
export const labOption = (): Option =>
  new Option('-l, --lab <name>', 'which lab (TNET_LAB, the exercise under way, the only one)');

export interface LabOption {
  readonly lab?: string;
}

export function labsOf(context: Context): Labs {
  return openLabs(context.roots().runRoot);
}

export function partsOf(context: Context): ExerciseParts {
  return {labs: labsOf(context), env: context.io.env, tnet: [process.execPath, cliScript()]};
}

/** Which lab is meant: `--lab`, the one we are in, the exercise under way, or the only one that is up. */
export function chooseLab(context: Context, {lab}: LabOption): LabRecord {
  const labs = labsOf(context);
  const wanted = lab ?? context.io.env.TNET_LAB;
  if (wanted !== undefined) return labs.get(wanted);
  const alive = labs.list().filter(isAlive);
  const {current} = readProgress(context.io.env);
  const found = alive.find(({name}) => name === current) ?? (alive.length === 1 ? alive[0] : undefined);
  if (found !== undefined) return found;
  if (alive.length === 0)
    throw new TnetError(
      'ERR_BAD_REQUEST',
      'No lab is up; `tnet lab start ID` begins an exercise, `tnet lab up FILE` brings a topology up',
    );
  throw new TnetError(
    'ERR_BAD_REQUEST',
    `Several labs are up: ${alive.map(({name}) => name).join(', ')}; say which with --lab NAME`,
  );
}

/** Beside the bundle, or the compiled module when the modules run unbundled. */
function cliScript(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const bundled = join(here, 'tnet.cjs');
  return existsSync(bundled) ? bundled : join(here, '../main.js');
}
