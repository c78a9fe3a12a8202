import type {ImageConfig} from '../model/image.ts';
import {badRequest} from './failure.ts';
import {parseImageHealthcheck} from './parse-image-healthcheck.ts';

type Apply = (config: ImageConfig, rest: string) => ImageConfig;

/** Dockerfile instructions that `import --change` takes. Throws ERR_BAD_REQUEST in Docker's words. */
export function parseImageChange(config: ImageConfig, change: string): ImageConfig {
  const [, word = '', rest = ''] = /^\s*(\S+)\s*([\s\S]*?)\s*$/.exec(change) ?? [];
  const name = word.toUpperCase();
  const apply = Object.hasOwn(instructions, name) ? instructions[name] : undefined;
  if (apply === undefined) throw badRequest(`${name} is not a valid change command`);
  if (rest === '') throw badRequest(`${name} requires at least one argument`);
  return apply(config, rest);
}

const instructions: Readonly<Record<string, Apply>> = {
  CMD: (config, rest) => ({...config, cmd: commandOf(rest)}),
  ENTRYPOINT: (config, rest) => ({...config, entrypoint: commandOf(rest)}),
  ENV: (config, rest) => ({...config, env: mergeEnv(config.env, pairsOf('ENV', rest))}),
  WORKDIR: (config, rest) => ({...config, workingDir: rest.startsWith('/') ? rest : `${config.workingDir}/${rest}`}),
  USER: (config, rest) => ({...config, user: rest}),
  EXPOSE: (config, rest) => ({...config, exposed: [...config.exposed, ...words(rest).map(withProto)]}),
  VOLUME: (config, rest) => ({...config, volumes: [...config.volumes, ...(jsonOf(rest) ?? words(rest))]}),
  LABEL: (config, rest) => ({...config, labels: {...config.labels, ...Object.fromEntries(pairsOf('LABEL', rest))}}),
  HEALTHCHECK: (config, rest) => ({...config, healthcheck: parseImageHealthcheck(rest, jsonOf)}),
  STOPSIGNAL: (config, rest) => ({...config, stopSignal: rest}),
};

/** A JSON array, or a line for the shell. */
function commandOf(rest: string): readonly string[] {
  return jsonOf(rest) ?? ['/bin/sh', '-c', rest];
}

function jsonOf(text: string): readonly string[] | null {
  if (!text.startsWith('[')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(each => typeof each === 'string') ? value : null;
  } catch {
    return null; // then it is a line for the shell, as with Docker
  }
}

/** `a=b c="d e"`, or the old `a b c`: one name, and the rest is its value. */
function pairsOf(name: string, rest: string): readonly (readonly [string, string])[] {
  const parts = words(rest);
  if (!parts[0]!.includes('=')) {
    const [key = '', ...value] = rest.split(/\s+/);
    if (value.length === 0) throw badRequest(`${name} must have two arguments`);
    return [[key, value.join(' ')]];
  }
  return parts.map(part => {
    const at = part.indexOf('=');
    if (at < 1) throw badRequest(`Syntax error - can't find = in "${part}". Must be of the form: name=value`);
    return [part.slice(0, at), part.slice(at + 1)];
  });
}

/** As the shell divides words: quotes hold blanks, a backslash the next character. */
function words(text: string): readonly string[] {
  const found = text.match(/(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+/g) ?? [];
  return found.map(word =>
    word.replace(
      /"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|\\([\s\S])/g,
      (_, double?: string, single?: string, escaped?: string) =>
        double === undefined ? (single ?? escaped ?? '') : double.replace(/\\(["\\$])/g, '$1'),
    ),
  );
}

function mergeEnv(env: readonly string[], pairs: readonly (readonly [string, string])[]): readonly string[] {
  const values = new Map(env.map(entry => [entry.split('=', 1)[0]!, entry]));
  for (const [name, value] of pairs) values.set(name, `${name}=${value}`);
  return [...values.values()];
}

function withProto(port: string): string {
  return port.includes('/') ? port : `${port}/tcp`;
}
