// Writes scenarios/schema/*.json, what editors check and complete topology.yaml and scenario.yaml with, and scenarios/index.json,
// what `tnet lab list` reads. After a build; test/lab/schemas.test.ts compares. `npm run schemas`.
import {mkdirSync, writeFileSync} from 'node:fs';
import {catalogIndex} from '../dist/test/lab/catalog-index.js';
import {schemas} from '../dist/test/lab/schemas.js';

mkdirSync('scenarios/schema', {recursive: true});
for (const [name, schema] of Object.entries(schemas))
  writeFileSync(`scenarios/schema/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`);
writeFileSync('scenarios/index.json', `${JSON.stringify(catalogIndex('scenarios'), null, 2)}\n`);
