import type {Command} from 'commander';
import type {ContainerInspect} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {bracket, formatPortMap} from '../format-ports.ts';

export function registerPort(program: Command, context: Context): void {
  program
    .command('port')
    .description("print a container's published ports")
    .argument('<container>')
    .argument('[port]', 'port[/proto]: print only where this one is published')
    .addHelpText('after', '\nExamples:\n  tnet port web\n  tnet port web 80/tcp')
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
}

function addresses(ports: ContainerInspect['NetworkSettings']['Ports'], name: string, port: string): readonly string[] {
  const key = port.includes('/') ? port : `${port}/tcp`;
  const bindings = Object.hasOwn(ports, key) ? (ports[key] ?? []) : [];
  if (bindings.length === 0) throw new Error(`No public port '${key}' published for ${name}`);
  return bindings.map(({HostIp, HostPort}) => `${bracket(HostIp)}:${HostPort}`);
}
