import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {basename, delimiter, dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {TnetError} from '../errors.ts';
import {type Exercise, findExercise, inOrder} from './scenario/catalog.ts';
import type {CatalogIndex, ExerciseHead, ListedExercise} from './scenario/catalog-index.ts';
import {parseScenario} from './scenario/parse-scenario.ts';

/** Ours lie beside dist/ in a clone and in a package; `TNET_SCENARIOS` names other folders, with ":" between them. */
export function scenarioFolders(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  if (env.TNET_SCENARIOS) return env.TNET_SCENARIOS.split(delimiter).map(folder => resolve(folder));
  const above = (folder: string): readonly string[] =>
    dirname(folder) === folder ? [] : [folder, ...above(dirname(folder))];
  const here = dirname(fileURLToPath(import.meta.url));
  return above(here)
    .map(folder => join(folder, 'scenarios'))
    .filter(existsSync)
    .slice(0, 1);
}

/** Every folder with a scenario.yaml. Throws DocumentError for one that is wrong. */
export function readExercises(folders: readonly string[]): readonly Exercise[] {
  return inOrder(folders.flatMap(exercisesIn).map(readExercise));
}

/** The same for a list, from the folders' indexes as far as those tell what is there. */
export function listExercises(folders: readonly string[]): readonly ListedExercise[] {
  return inOrder(
    folders.flatMap(folder => {
      const index = readIndex(folder);
      return exercisesIn(folder).map((path): ListedExercise => {
        const {bytes, ...scenario} = index[basename(path)] ?? {bytes: -1, id: ''};
        const isCurrent = bytes === statSync(join(path, 'scenario.yaml')).size;
        return isCurrent ? {folder: resolve(path), scenario: scenario as ExerciseHead} : readExercise(path);
      });
    }),
  );
}

function exercisesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .map(name => join(folder, name))
    .filter(isExercise);
}

/** Empty where there is none. */
function readIndex(folder: string): CatalogIndex {
  const path = join(folder, 'index.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as CatalogIndex) : {};
}

export function readExercise(folder: string): Exercise {
  const path = join(folder, 'scenario.yaml');
  return {folder: resolve(folder), scenario: parseScenario(readFileSync(path, 'utf8'), path)};
}

/** By id, order or folder name; a path with a slash is a folder of anybody's. */
export function pickExercise(wanted: string, env: Readonly<Record<string, string | undefined>>): Exercise {
  if (wanted.includes('/') && isExercise(wanted)) return readExercise(wanted);
  const found = findExercise(listExercises(scenarioFolders(env)), wanted);
  if (found !== null) return readExercise(found.folder);
  throw new TnetError('ERR_BAD_REQUEST', `No exercise "${wanted}"; \`tnet lab list\` shows them`);
}

function isExercise(folder: string): boolean {
  return existsSync(join(folder, 'scenario.yaml'));
}
