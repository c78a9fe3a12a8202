import {execFile} from 'node:child_process';

/** Standard output of a script run by node, '' when it fails. Its errors are not told. */
export function runToEnd(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs = 10_000,
): Promise<string> {
  return new Promise(resolve => {
    execFile(process.execPath, [...args], {env: {...env}, timeout: timeoutMs, maxBuffer: 1 << 24}, (error, stdout) =>
      resolve(error ? '' : stdout),
    );
  });
}
