import {readFileSync} from 'node:fs';
import {basename} from 'node:path';
import {TnetError} from '../errors.ts';
import {enterCollecting, type Place} from './holder/enter.ts';
import type {LabRecord} from './labs.ts';
import {placeIn} from './place.ts';
import {parseScript} from './scenario/parse-script.ts';

const timeoutMs = 30_000;

export interface ScriptSpec {
  readonly path: string;
  readonly env: Place['env'];
  /** `stop` at the first command that fails; `go on` for wrong answers, which may be wrong in that too. */
  readonly onFailure: 'stop' | 'go on';
  /** Asked after every chunk; true ends the script there. */
  readonly isEnough?: () => Promise<boolean>;
}

/** Runs setup.sh, solution.sh or a wrong answer: chunk after chunk, each by `sh` on its node. */
export async function runScript(record: LabRecord, {path, env, onFailure, isEnough}: ScriptSpec): Promise<void> {
  for (const {node, script} of parseScript(readFileSync(path, 'utf8')).chunks) {
    const flags = onFailure === 'stop' ? '-ec' : '-c';
    const {code, output} = await enterCollecting(placeIn(record, node, env), ['sh', flags, script], timeoutMs);
    if (code !== 0 && onFailure === 'stop')
      throw new TnetError('ERR_LAUNCH', `Cannot run "${basename(path)}" on ${node}: exit ${code}: ${output.trim()}`);
    if (await isEnough?.()) return;
  }
}
