import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Command} from 'commander';
import {pidPath, socketPath} from '../../api/roots.ts';
import {daemonScript} from '../connect.ts';
import type {Context} from '../context.ts';
import {collect} from '../parse.ts';

const stopTimeoutMs = 30_000;

/** By option; a flag alone is true. */
type DaemonFlags = Readonly<Record<string, string | true | readonly string[] | undefined>>;

export function registerDaemon(program: Command, context: Context): void {
  const daemon = program
    .command('daemon')
    .description('run the daemon in the foreground; other commands start one by themselves')
    .option('--bridge <device>', 'device of the network "bridge" (docker0)')
    .option('--bip <address/length>', 'its IPv4 address and subnet')
    .option('--fixed-cidr <prefix>', 'part of that for containers')
    .option('--ipv6 [boolean]', 'IPv6 on it too')
    .option('--fixed-cidr-v6 <prefix>', 'its IPv6 subnet, chosen without it')
    .option('--mtu <bytes>', 'its MTU')
    .option('--icc <boolean>', 'whether its containers reach each other (true)')
    .option(
      '--default-address-pool <pool>',
      'base=10.64.0.0/12,size=24: where subnets are chosen (repeatable)',
      collect,
    )
    .option('--firewall <renderer>', 'nftables, iptables or none', 'nftables')
    .option(
      '--userns-remap <user[:group]>',
      "root of containers is that user's first id in /etc/subuid; default is dockremap",
    )
    .addHelpText(
      'after',
      '\nExamples:\n  tnet daemon --bridge tnet0\n  tnet daemon --ipv6 --bip 10.9.0.1/24\n  tnet daemon stop',
    )
    .action((options: DaemonFlags) => runDaemon(options, context));
  daemon
    .command('stop')
    .description('stop the daemon; containers go on')
    .action(() => stopDaemon(context));
}

/** In this process, so that signals and exit code are the daemon's own. It ends the process itself. */
async function runDaemon(flags: DaemonFlags, context: Context): Promise<void> {
  const {root, runRoot} = context.roots();
  process.argv = [process.argv[0]!, daemonScript(), '--root', root, '--run-root', runRoot];
  for (const [name, value] of Object.entries(flags))
    for (const each of [value ?? []].flat()) process.argv.push(`--${kebab(name)}=${each}`);
  // Not import(): in the program that V8's cache starts it has no callback.
  createRequire(import.meta.url)(daemonScript());
  await new Promise(() => {});
}

/** `fixedCidrV6` is `--fixed-cidr-v6`. */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
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
