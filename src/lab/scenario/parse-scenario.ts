import type {Check} from '../check/check.ts';
import {DocumentError, type Problem, readDocument} from '../document/read-document.ts';
import {type ScenarioFile, scenarioSchema} from './schema.ts';

export type NamedCheck = Check & {readonly id: string};

export interface Task extends Omit<ScenarioFile['tasks'][number], 'checks'> {
  readonly checks: readonly NamedCheck[];
}

/** An exercise, with every check named. */
export interface Scenario extends Omit<ScenarioFile, 'tasks' | 'guards'> {
  readonly tasks: readonly Task[];
  readonly guards: readonly NamedCheck[];
}

/** Reads scenario.yaml. Throws DocumentError with everything that is wrong. */
export function parseScenario(text: string, path: string): Scenario {
  const {value, problemAt} = readDocument(text, {path, schema: scenarioSchema});
  const problems: Problem[] = [];
  const used = new Set<string>();
  const name = (check: Check, keys: readonly (string | number)[]): NamedCheck => {
    const id = check.id ?? freeName(check.type.replaceAll('_', '-'), used);
    if (used.has(id)) problems.push(problemAt(keys, `check id "${id}" is there twice; give this one another`));
    used.add(id);
    return {...check, id};
  };
  const tasks = value.tasks.map((task, i) => ({
    ...task,
    checks: task.checks.map((check, j) => name(check, ['tasks', i, 'checks', j, 'id'])),
  }));
  const guards = value.guards.map((check, i) => name(check, ['guards', i, 'id']));
  for (const [i, task] of tasks.entries())
    for (const [j, hint] of task.hints.entries())
      if (typeof hint !== 'string' && !used.has(hint.when.check))
        problems.push(
          problemAt(
            ['tasks', i, 'hints', j, 'when', 'check'],
            `no check "${hint.when.check}"; there are ${[...used].join(', ')}`,
          ),
        );
  if (problems.length > 0) throw new DocumentError(problems);
  return {...value, tasks, guards};
}

function freeName(type: string, used: ReadonlySet<string>): string {
  let name = type;
  for (let n = 2; used.has(name); n++) name = `${type}-${n}`;
  return name;
}
