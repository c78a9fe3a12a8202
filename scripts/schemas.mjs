// Writes scenarios/schema/*.json, what editors check and complete topology.yaml and scenario.yaml with. After a build;
// test/lab/schemas.test.ts compares. `npm run schemas`.
import {mkdirSync, writeFileSync} from 'node:fs';
import {schemas} from '../dist/test/lab/schemas.js';

mkdirSync('scenarios/schema', {recursive: true});
for (const [name, schema] of Object.entries(schemas))
  writeFileSync(`scenarios/schema/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`);
