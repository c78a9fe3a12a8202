import type {Command} from 'commander';
import type {ContainerInspect} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {type DryRunOptions, dryRunOptions, printDryRun} from '../dry-run.ts';
import {forEachName} from '../each.ts';
import {bracket, formatPortMap} from '../format-ports.ts';

export function registerPort(program: Command, context: Context): void {
  const command = program
    .command('port')
    .description("print a container's published ports, or change them while it runs")
    .argument('<container>')
    .argument('[port]', 'port[/proto]: where this is published')
    .addHelpText('after', '\nExamples:\n  tnet port web\n  tnet port web 80/tcp\n  tnet port add web 8443:443')
    .action(async (name: string, port: string | undefined) => {
      const client = await context.connect();
      const {NetworkSettings} = await client.call<ContainerInspect>(
        'GET',
        `/containers/${encodeURIComponent(name)}/json`,
      );
      const lines =
        port === undefined ? formatPortMap(NetworkSettings.Ports) : addresses(NetworkSettings.Ports, name, port);
      for (const line of lines) context.print(line);
    });
  registerChange(command, context, {name: 'add', method: 'POST', what: 'publish ports, running or not'});
  registerChange(command, context, {name: 'rm', method: 'DELETE', what: 'take published ports back'});
}

interface Change {
  readonly name: 'add' | 'rm';
  readonly method: 'POST' | 'DELETE';
  readonly what: string;
}

function registerChange(command: Command, context: Context, {name, method, what}: Change): void {
  dryRunOptions(command.command(name))
    .description(what)
    .argument('<container>')
    .argument('<publish...>', '[[ip:]hostPort:]port[/proto], as with run -p')
    .addHelpText('after', `\nExamples:\n  tnet port ${name} web 8443:443 127.0.0.1:5353:53/udp`)
    .action(async (container: string, ports: string[], {dryRun, json}: DryRunOptions) => {
      const client = await context.connect();
      const path = `/tnet/containers/${encodeURIComponent(container)}/ports`;
      const requests = ports.map(publish => ({method, path, query: {publish}}));
      if (dryRun) return printDryRun(client, requests, {json, context});
      await forEachName(ports, context, publish => client.call<undefined>(method, path, {query: {publish}}));
    });
}

function addresses(ports: ContainerInspect['NetworkSettings']['Ports'], name: string, port: string): readonly string[] {
  const key = port.includes('/') ? port : `${port}/tcp`;
  const bindings = Object.hasOwn(ports, key) ? (ports[key] ?? []) : [];
  if (bindings.length === 0) throw new Error(`No public port '${key}' published for ${name}`);
  return bindings.map(({HostIp, HostPort}) => `${bracket(HostIp)}:${HostPort}`);
}
