import {readFileSync} from 'node:fs';
import {type Command, InvalidArgumentError, Option} from 'commander';
import {parseRestartPolicy, type RestartPolicy} from '../model/restart-policy.ts';
import {collect} from './parse.ts';

/** How a container is made and kept, as commander leaves it. */
export interface LifeOptions {
  readonly restart?: RestartPolicy;
  readonly cidfile?: string;
  readonly labelFile?: readonly string[];
  readonly pull?: string;
}

export const restartHelp = 'no, on-failure[:retries], always or unless-stopped';

export function lifeFlags(command: Command): Command {
  return command
    .option('--restart <policy>', restartHelp, parseRestart)
    .option('--cidfile <file>', 'write the id to this file')
    .option('--label-file <file>', 'labels, one a line (repeatable)', collect)
    .addOption(
      // Nothing is ever pulled: an image that is not here is an error in each case.
      new Option('--pull <when>', 'there is no registry: what is not here is missing').choices([
        'missing',
        'never',
        'always',
      ]),
    );
}

export function parseRestart(text: string): RestartPolicy {
  try {
    return parseRestartPolicy(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

export function restartBody({restart}: Pick<LifeOptions, 'restart'>): {
  readonly RestartPolicy?: {readonly Name: string; readonly MaximumRetryCount: number};
} {
  return restart === undefined ? {} : {RestartPolicy: {Name: restart.name, MaximumRetryCount: restart.maxRetries}};
}

/** Lines of `--label-file`: `key=value` or `key`; blank lines and `#` comments are skipped. */
export function readLabels(path: string): readonly string[] {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  const labels = lines.map(line => line.trimStart()).filter(line => line !== '' && !line.startsWith('#'));
  const bad = labels.find(label => /^=|^[^=]*\s/.test(label));
  if (bad !== undefined) throw new SyntaxError(`invalid label "${bad}" in "${path}"`);
  return labels;
}
