import {readFileSync} from 'node:fs';
import test from 'ava';
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
