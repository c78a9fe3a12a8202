import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {labPath} from '../../kernel/native.ts';

export interface RelaySpec {
  readonly holderPid: number;
  readonly node: string;
  /** By which frames leave. */
  readonly link: string;
  /** Name of the TAP that it makes. */
  readonly tap: string;
  /** What it is to do, by the lab's own paths. */
  readonly file: string;
}

/** Starts the process that holds frames of one link back. Its TAP is there when this resolves; it ends when `file` goes, or the lab. */
export async function startRelay({holderPid, node, link, tap, file}: RelaySpec): Promise<void> {
  const words = ['relay', `${holderPid}`, node === 'host' ? '' : node, link, tap, file];
  const child = spawn(labPath(), words, {stdio: ['ignore', 'ignore', 'pipe'], cwd: '/'});
  const said: string[] = [];
  child.stderr.on('data', (data: Buffer) => said.push(data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the relay does not start: ${said.join('').trim() || `exit ${code}`}`);
}
