import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {delimiter, dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {TnetError} from '../errors.ts';
import {type Exercise, findExercise, inOrder} from './scenario/catalog.ts';
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
  const found = folders.flatMap(folder =>
    readdirSync(folder)
      .map(name => join(folder, name))
      .filter(isExercise),
  );
  return inOrder(found.map(readExercise));
}

export function readExercise(folder: string): Exercise {
  const path = join(folder, 'scenario.yaml');
  return {folder: resolve(folder), scenario: parseScenario(readFileSync(path, 'utf8'), path)};
}

/** By id, order or folder name; a path with a slash is a folder of anybody's. */
export function pickExercise(wanted: string, env: Readonly<Record<string, string | undefined>>): Exercise {
  if (wanted.includes('/') && isExercise(wanted)) return readExercise(wanted);
  const exercises = readExercises(scenarioFolders(env));
  const found = findExercise(exercises, wanted);
  if (found !== null) return found;
  throw new TnetError('ERR_BAD_REQUEST', `No exercise "${wanted}"; \`tnet lab list\` shows them`);
}

function isExercise(folder: string): boolean {
  return existsSync(join(folder, 'scenario.yaml'));
}
