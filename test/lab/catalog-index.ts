import {statSync} from 'node:fs';
import {basename, join} from 'node:path';
import {type CatalogIndex, indexEntry} from '../../src/lab/scenario/catalog-index.ts';
import {readExercises} from '../../src/lab/scenarios.ts';

/** scenarios/index.json as it has to be. */
export function catalogIndex(folder: string): CatalogIndex {
  return Object.fromEntries(
    readExercises([folder]).map(({folder: path, scenario}) => [
      basename(path),
      indexEntry(scenario, statSync(join(path, 'scenario.yaml')).size),
    ]),
  );
}
