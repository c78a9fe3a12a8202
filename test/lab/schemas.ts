import {toJsonSchema} from '@valibot/to-json-schema';
import {checkSchema} from '../../src/lab/check/check.ts';
import {scenarioSchema} from '../../src/lab/scenario/schema.ts';
import {topologySchema} from '../../src/lab/topology/schema.ts';

/** Of the input, before defaults; what JSON Schema cannot say (that an address lies in its subnet) is left to `tnet lab lint`. */
const options = {typeMode: 'input', errorMode: 'ignore'} as const;

/** By their names in scenarios/schema. */
export const schemas = {
  topology: {title: 'tnet lab: topology.yaml', ...toJsonSchema(topologySchema, options)},
  scenario: {
    title: 'tnet lab: scenario.yaml',
    ...toJsonSchema(scenarioSchema, {...options, definitions: {check: checkSchema}}),
  },
};
