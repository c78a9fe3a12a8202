import {appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {listExercises, readExercises} from '../../src/lab/scenarios.ts';
import {catalogIndex} from './catalog-index.ts';
import {schemas} from './schemas.ts';

for (const [name, schema] of Object.entries(schemas))
  test(`scenarios/schema/${name}.json is what tnet reads (npm run schemas)`, t => {
    t.deepEqual(JSON.parse(readFileSync(`scenarios/schema/${name}.json`, 'utf8')), JSON.parse(JSON.stringify(schema)));
  });

test('the schemas name the keys, and know no others', t => {
  t.like(schemas.topology, {type: 'object', additionalProperties: false});
  t.true('networks' in (schemas.topology.properties ?? {}));
  t.true(JSON.stringify(schemas.scenario).includes('"reachable"'));
});

test('scenarios/index.json is what the exercises say (npm run schemas)', t => {
  t.deepEqual(JSON.parse(readFileSync('scenarios/index.json', 'utf8')), catalogIndex('scenarios'));
});

test('listExercises() says of every exercise what its file says, and reads one that has changed', t => {
  const heads = (exercises: ReturnType<typeof listExercises>) =>
    exercises.map(({folder, scenario: {id, title, track, order, minutes}}) => ({
      folder,
      id,
      title,
      track,
      order,
      minutes,
    }));
  t.deepEqual(heads(listExercises(['scenarios'])), heads(readExercises(['scenarios'])));
  const copy = mkdtempSync(join(tmpdir(), 'tnet-scenarios-'));
  cpSync('scenarios/010-netns', join(copy, '010-netns'), {recursive: true});
  cpSync('scenarios/index.json', join(copy, 'index.json'));
  appendFileSync(join(copy, '010-netns/scenario.yaml'), '# changed\n');
  t.true('tasks' in listExercises([copy])[0]!.scenario, 'read whole');
  rmSync(copy, {recursive: true});
});
