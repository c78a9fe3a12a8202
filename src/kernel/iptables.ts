import {execFile} from 'node:child_process';
import {KernelError, TnetError} from '../errors.ts';
import type {Family} from '../model/ip.ts';

/** The programs `iptables-save` and `iptables-restore`, and their IPv6 twins, of whichever backend the host has chosen. */
export interface Iptables {
  /** All tables in use, as text. */
  save(family: Family): Promise<string>;
  /** One table's changes; all of them or none, because a COMMIT is one transaction of the kernel. Throws KernelError. */
  restore(family: Family, text: string): Promise<void>;
  /** Whether a transaction was made by a process of ours. */
  isOwn(pid: number): boolean;
  /** Legacy tables tell nobody of their changes. */
  isLegacy(): Promise<boolean>;
}

const programs = {4: 'iptables', 6: 'ip6tables'} as const;
/** Never the caller's: the daemon runs as root, and may be started by anybody's sudo. */
const path = '/usr/sbin:/sbin:/usr/bin:/bin';
/** Seconds that the legacy programs wait for each other's lock (/run/xtables.lock). */
const lockWaitS = '5';
const timeoutMs = 20_000;
const maxBytes = 64 << 20;
/** So many of our processes are remembered; their events come within milliseconds. */
const remembered = 64;

export function createIptables(): Iptables {
  const pids: number[] = [];
  const start = (program: string, args: readonly string[], input = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = {env: {PATH: path, LC_ALL: 'C'}, maxBuffer: maxBytes, timeout: timeoutMs};
      const child = execFile(program, args, options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(failure({program, input, stderr, error}));
      });
      if (child.pid !== undefined) pids.push(child.pid);
      if (pids.length > remembered) pids.shift();
      // A program that dies early breaks the pipe; its exit says more.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });
  return {
    save: family => start(`${programs[family]}-save`, []),
    async restore(family, text) {
      await start(`${programs[family]}-restore`, ['-w', lockWaitS, '--noflush'], text);
    },
    isOwn: pid => pids.includes(pid),
    isLegacy: async () => (await start(programs[4], ['--version'])).includes('legacy'),
  };
}

interface Failure {
  readonly program: string;
  readonly input: string;
  readonly stderr: string;
  readonly error: Error & {readonly code?: unknown};
}

function failure({program, input, stderr, error}: Failure): Error {
  if (error.code === 'ENOENT')
    return new TnetError(
      'ERR_KERNEL',
      `Cannot run "${program}": it is not installed; install iptables, or run the daemon with --firewall nftables`,
      {cause: error},
    );
  const reason = stderr.trim().replaceAll(/\s*\n\s*/g, '; ') || error.message;
  const line = /line:? ?(\d+)/.exec(reason)?.[1];
  const what = line === undefined ? '' : ` at "${input.split('\n')[Number(line) - 1] ?? ''}"`;
  return new KernelError(`Cannot change the firewall by "${program}"${what}: ${reason}`, {
    errno: isMissing(reason) ? 2 : 0,
    cause: error,
  });
}

/** What there is nothing of to delete, in the words of both backends. */
function isMissing(reason: string): boolean {
  return /No such file or directory|does a matching rule exist|No chain\/target\/match by that name/.test(reason);
}
