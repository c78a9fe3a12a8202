import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Exercise} from './scenario/catalog.ts';
import {parseScript} from './scenario/parse-script.ts';
import {parseTopology} from './topology/parse-topology.ts';

/** What a reader of the schema cannot see: files that are missing, checks that nobody knows, a README that gives it away. */
export function lint({folder, scenario}: Exercise): readonly string[] {
  const at = (name: string): string => join(folder, name);
  const files = [
    'README.md',
    'solution.md',
    scenario.solution,
    scenario.topology,
    ...(scenario.setup ? [scenario.setup] : []),
  ];
  const missing = files.filter(name => !existsSync(at(name))).map(name => `${at(name)}: is missing`);
  if (missing.length > 0) return missing;
  const topologyProblems = attempt(
    () => void parseTopology(readFileSync(at(scenario.topology), 'utf8'), at(scenario.topology)),
  );
  const ids = new Set(scenario.tasks.flatMap(({checks}) => checks.map(({id}) => id)));
  const wrong = existsSync(at('wrong')) ? readdirSync(at('wrong')).filter(name => name.endsWith('.sh')) : [];
  const strangers = wrong.flatMap(name =>
    parseScript(readFileSync(at(join('wrong', name)), 'utf8'))
      .expectFail.filter(id => !ids.has(id))
      .map(id => `${at(join('wrong', name))}: no check "${id}"; there are ${[...ids].join(', ')}`),
  );
  const none = wrong.length === 0 ? [`${at('wrong')}: has no wrong answer; write at least one`] : [];
  return [...topologyProblems, ...strangers, ...none, ...givenAway({folder, scenario})];
}

function attempt(job: () => void): readonly string[] {
  try {
    job();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** A line of the solution in the task's text is no exercise. */
function givenAway({folder, scenario}: Exercise): readonly string[] {
  const path = join(folder, 'README.md');
  const readme = readFileSync(path, 'utf8');
  const commands = parseScript(readFileSync(join(folder, scenario.solution), 'utf8')).chunks.flatMap(({script}) =>
    script.split('\n'),
  );
  return commands
    .map(line => line.trim())
    .filter(line => line.length > 12 && !line.startsWith('#') && readme.includes(line))
    .map(line => `${path}: gives the solution away: ${line}`);
}
