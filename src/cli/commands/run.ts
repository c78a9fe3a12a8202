import type {Command} from 'commander';
import type {Client} from '../../api/client.ts';
import type {Context} from '../context.ts';
import {createBody, type RunOptions} from '../create-body.ts';
import {createContainer, refuseTakenFile} from '../create-container.ts';
import {type DryRunOptions, dryRunOptions, printDryRun} from '../dry-run.ts';
import {healthFlags} from '../health-flags.ts';
import {isolationFlags} from '../isolation-flags.ts';
import {lifeFlags} from '../life-flags.ts';
import {createLimitOptions} from '../limit-options.ts';
import {collect, parseInteger} from '../parse.ts';
import {processOptions} from '../process-body.ts';
import {runForeground} from '../run-foreground.ts';
import {foregroundFlags, foregroundOptions, streamsFlags} from '../streams-flags.ts';
import {refuseMissingTerminal, terminalSize} from '../terminal.ts';

const examples = `
Examples:
  tnet run --rm host uname -a
  tnet run --rm -it host bash
  tnet run -d --name web -p 8080:80 host python3 -m http.server 80
  echo hello | tnet run --rm -i --network none host wc -c
  tnet run --rm -v data:/var/lib/app -v ./src:/src:ro host ls /src
  tnet run --rm -m 512m --cpus 0.5 --pids-limit 100 host make
  tnet run --rm --rootfs ./debian /bin/bash
  tnet run --rm -u 1000:1000 --ulimit nofile=1024 --init host make`;

const networkHelp = 'bridge, host, none, container:<name>, a network, or name=<n>,ip=<a>,alias=<a>,… (repeatable)';

export function registerRun(program: Command, context: Context): void {
  foregroundFlags(createFlags(dryRunOptions(program.command('run'))))
    .description('run a command in a new container')
    .option('-d, --detach', 'print the id and leave it running')
    .addHelpText('after', examples)
    .action(async (image: string, command: readonly string[], options: RunOptions & DryRunOptions) =>
      run(image, command, options, context),
    );
}

/** What `run` and `create` have in common. */
export function createFlags(command: Command): Command {
  return processOptions(createLimitOptions(isolationFlags(healthFlags(lifeFlags(streamsFlags(command))))))
    .argument('<image>', "host: this machine's own root file system, copy-on-write")
    .argument('[command...]', 'the command and its arguments')
    .passThroughOptions()
    .option('--rm', 'remove it when it exits')
    .option('--rootfs', 'the image is a directory of this machine, written to as it is; <dir>:O leaves it as it is')
    .option('-i, --interactive', 'forward our stdin')
    .option('--name <name>', 'name, made up without it')
    .option('-p, --publish <port>', '[[ip:]hostPort:]port[/proto], also ranges (repeatable)', collect)
    .option('-P, --publish-all', 'publish every exposed port, on host ports chosen for it')
    .option('--expose <port>', 'port[/proto] that -P publishes, also ranges (repeatable)', collect)
    .option('--net, --network <network>', networkHelp, collect)
    .option('--ip <address>', 'IPv4 address on a network of yours')
    .option('--ip6 <address>', 'IPv6 address on it')
    .option('--mac-address <mac>', 'of its interface')
    .option('--network-alias <name>', 'another name on the network (repeatable)', collect)
    .option('--hostname <name>', 'host name inside')
    .option('--domainname <name>', 'domain name inside')
    .option('--dns <address>', 'name server (repeatable)', collect)
    .option('--dns-search <domain>', 'search domain (repeatable)', collect)
    .option('--dns-option <option>', 'option of resolv.conf (repeatable)', collect)
    .option('--add-host <name:address>', 'name in /etc/hosts; host-gateway is the host (repeatable)', collect)
    .option('-e, --env <NAME=value>', 'variable; NAME alone takes ours (repeatable)', collect)
    .option('--env-file <file>', 'variables, one a line (repeatable)', collect)
    .option('-w, --workdir <dir>', 'working directory inside')
    .option('-l, --label <key=value>', 'label (repeatable)', collect)
    .option('-v, --volume <spec>', '[source:]target[:ro,…]: a volume, or a path of the host (repeatable)', collect)
    .option('--mount <spec>', 'type=bind|volume|tmpfs,source=…,target=…,… (repeatable)', collect)
    .option('--tmpfs <target>', 'in memory; target:size=64m,mode=1777,… (repeatable)', collect)
    .option('--volumes-from <container>', 'what it has mounted; container:ro (repeatable)', collect)
    .option('--stop-signal <signal>', 'what stop sends (SIGTERM)')
    .option('--stop-timeout <s>', 'how long stop waits (10)', parseInteger);
}

async function run(
  image: string,
  command: readonly string[],
  options: RunOptions & DryRunOptions,
  context: Context,
): Promise<void> {
  if (!options.detach)
    refuseMissingTerminal(context.io, {tty: options.tty ?? false, stdin: options.interactive ?? false});
  const body = createBody(image, command, {...options, size: terminalSize(context.io)}, context.io.env);
  refuseTakenFile(options.cidfile);
  const client = await context.connect();
  if (options.dryRun) {
    const create = {method: 'POST', path: '/containers/create', query: {name: options.name}, body} as const;
    return printDryRun(client, [create], {json: options.json, context});
  }
  const id = await createContainer(client, {body, options, context});
  try {
    if (!options.detach)
      return context.exitWith(
        await runForeground({client, id, options: foregroundOptions(options, options), io: context.io}),
      );
    await client.call('POST', `/containers/${id}/start`);
    context.print(id);
  } catch (error) {
    await removeUnstarted(client, id);
    throw error;
  }
}

/** A run that failed leaves nothing behind; `docker run` leaves a container in state created. */
async function removeUnstarted(client: Client, id: string): Promise<void> {
  try {
    const {State} = await client.call<{State: {Status: string}}>('GET', `/containers/${id}/json`);
    if (State.Status === 'created') await client.call('DELETE', `/containers/${id}`, {query: {force: true}});
  } catch {}
}
