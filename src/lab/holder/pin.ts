import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {TnetError} from '../../errors.ts';
import {labPath} from '../../kernel/native.ts';

/** New network namespaces on /run/netns of a lab that is up, like `ip netns add` in it; or without them, like `ip netns del`. */
export async function pinNodes(verb: 'pin' | 'unpin', holderPid: number, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  try {
    await promisify(execFile)(labPath(), [verb, `${holderPid}`, ...names]);
  } catch (cause) {
    const {stderr = '', message} = cause as {stderr?: string; message: string};
    throw new TnetError('ERR_KERNEL', `Cannot ${verb} nodes ${names.join(', ')}: ${stderr.trim() || message}`, {cause});
  }
}
