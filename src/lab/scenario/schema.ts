import * as v from 'valibot';
import {checkSchema} from '../check/check.ts';

const name = v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, 'want a-z, 0-9 and "-"'));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const hint = v.union([
  v.string(),
  v.strictObject({
    /** Shown when the check fails and what was observed is `got`. */
    when: v.strictObject({check: name, got: v.optional(v.union([v.string(), v.number()]))}),
    text: v.string(),
  }),
]);

const task = v.strictObject({
  id: name,
  title: v.string(),
  points: v.optional(count, 1),
  checks: v.pipe(v.array(checkSchema), v.minLength(1)),
  hints: v.optional(v.array(hint), []),
});

export const scenarioSchema = v.strictObject({
  apiVersion: v.literal('tnet/lab/v1'),
  id: name,
  title: v.string(),
  track: v.picklist(['basics', 'containers', 'path', 'overlay', 'ops']),
  order: v.pipe(v.number(), v.integer(), v.minValue(0)),
  level: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(5)),
  minutes: count,
  after: v.optional(v.array(name), []),
  requires: v.optional(
    v.strictObject({kernel: v.optional(v.array(v.string()), []), tools: v.optional(v.array(v.string()), [])}),
    {},
  ),
  topology: v.optional(v.string(), 'topology.yaml'),
  setup: v.optional(v.string()),
  tasks: v.pipe(v.array(task), v.minLength(1)),
  guards: v.optional(v.array(checkSchema), []),
  solution: v.optional(v.string(), 'solution.sh'),
});

export type ScenarioFile = v.InferOutput<typeof scenarioSchema>;
