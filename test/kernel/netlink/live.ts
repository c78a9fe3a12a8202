import {execFileSync} from 'node:child_process';
import test, {type ExecutionContext} from 'ava';
import {loadNative, type Native} from '../../../src/kernel/native.ts';

type Run = (t: ExecutionContext) => void | Promise<void>;
type KernelTest = (title: string, run: Run) => void;

/**
 * Tests that talk to the kernel of this process' own namespace, one after the other: `native` is null and every test is
 * skipped, with the reason in its title, unless we are root and have `tools`.
 */
export function live(...tools: readonly string[]): {kernelTest: KernelTest; native: (() => Native) | null} {
  const missing = tools.find(tool => !has(tool));
  const reason = process.getuid?.() !== 0 ? 'not root' : missing === undefined ? null : `no ${missing}(8)`;
  if (reason === null) return {kernelTest: (title, run) => test.serial(title, run), native: loadNative};
  return {kernelTest: (title, run) => test.skip(`${title} (${reason})`, run), native: null};
}

/** Not the caller's PATH: npx puts node_modules/.bin in front, where `nft` is @vercel/nft. */
const env = {...process.env, PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'};

/** What a tool of the system prints. */
export function run(tool: string, words: readonly string[], input?: string): string {
  return execFileSync(tool, words, {encoding: 'utf8', env, ...(input === undefined ? {} : {input})});
}

function has(tool: string): boolean {
  try {
    run('which', [tool]);
    return true;
  } catch {
    return false;
  }
}
