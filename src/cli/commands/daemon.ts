import {existsSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {pathToFileURL} from 'node:url';
import type {Command} from 'commander';
import {pidPath, socketPath} from '../../api/roots.ts';
import {daemonScript} from '../connect.ts';
import type {Context} from '../context.ts';

const stopTimeoutMs = 30_000;

interface DaemonFlags {
  readonly bridge: string;
  readonly firewall: string;
}

export function registerDaemon(program: Command, context: Context): void {
  const daemon = program
    .command('daemon')
    .description('run the daemon in the foreground; other commands start one by themselves')
    .option('--bridge <device>', 'device of the network "bridge"', 'docker0')
    .option('--firewall <renderer>', 'nftables, iptables or none', 'nftables')
    .addHelpText('after', '\nExamples:\n  tnet daemon --bridge tnet0\n  tnet daemon stop')
    .action((options: DaemonFlags) => runDaemon(options, context));
  daemon
    .command('stop')
    .description('stop the daemon; containers go on')
    .action(() => stopDaemon(context));
}

/** In this process, so that signals and exit code are the daemon's own. It ends the process itself. */
async function runDaemon({bridge, firewall}: DaemonFlags, context: Context): Promise<void> {
  const {root, runRoot} = context.roots();
  process.argv = [process.argv[0]!, daemonScript(), '--root', root, '--run-root', runRoot];
  process.argv.push('--bridge', bridge, '--firewall', firewall);
  await import(pathToFileURL(daemonScript()).href);
  await new Promise(() => {});
}

async function stopDaemon(context: Context): Promise<void> {
  const [{answers}, {createClient}] = await Promise.all([
    import('../../api/answers.ts'),
    import('../../api/client.ts'),
  ]);
  const roots = context.roots();
  if (!(await answers(socketPath(roots)))) {
    context.io.stderr.write(`tnet: no daemon runs on "${roots.runRoot}"\n`);
    return;
  }
  await createClient(socketPath(roots)).call('POST', '/tnet/shutdown');
  for (const deadline = Date.now() + stopTimeoutMs; existsSync(pidPath(roots)); await sleep(10)) {
    if (Date.now() > deadline) throw new Error(`the daemon did not stop within ${stopTimeoutMs / 1000} s`);
  }
}
