import {readFileSync} from 'node:fs';

type Env = Readonly<Record<string, string | undefined>>;

/** `-e NAME=value`; `-e NAME` takes the client's value, and is left out when it has none, as in Docker. */
export function resolveVariables(variables: readonly string[], env: Env): readonly string[] {
  return variables.flatMap(variable => {
    if (variable.includes('=')) return [variable];
    const value = env[variable];
    return value === undefined ? [] : [`${variable}=${value}`];
  });
}

/** Lines of `--env-file`: variables as above, blank lines and `#` comments. Values are taken as they stand, quotes too. */
export function readVariables(path: string): readonly string[] {
  const lines = readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .map(line => line.trimStart());
  const variables = lines.filter(line => line !== '' && !line.startsWith('#'));
  const bad = variables.find(variable => /^=|^[^=]*\s/.test(variable));
  if (bad !== undefined) throw new SyntaxError(`invalid variable "${bad}" in "${path}"`);
  return variables;
}
