import {once} from 'node:events';
import type {Command} from 'commander';
import type {ContainerInspect} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {copyOutput} from '../copy-output.ts';
import {parseMoment} from '../parse-moment.ts';

interface LogsOptions {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly timestamps?: boolean;
  readonly since?: string;
  readonly until?: string;
  readonly details?: boolean;
}

const examples = `
Examples:
  tnet logs -f --tail 20 web
  tnet logs -t --since 10m --until 2026-01-02T03:04:05 web`;

export function registerLogs(program: Command, context: Context): void {
  program
    .command('logs')
    .description("print a container's output")
    .argument('<container>')
    .option('-f, --follow', 'go on until it exits')
    .option('-n, --tail <lines>', 'only the last lines, or all')
    .option('-t, --timestamps', 'with the time of each line')
    .option('--since <time>', 'not before: RFC 3339, seconds, or 10m ago', parseMoment)
    .option('--until <time>', 'not after', parseMoment)
    .option('--details', 'with the attributes of the log')
    .addHelpText('after', examples)
    .action(async (name: string, options: LogsOptions) => {
      const client = await context.connect();
      const path = `/containers/${encodeURIComponent(name)}`;
      const {Config} = await client.call<ContainerInspect>('GET', `${path}/json`);
      const chunks = await client.stream('GET', `${path}/logs`, {query: {stdout: true, stderr: true, ...options}});
      if (!Config.Tty) return copyOutput(chunks, context.io);
      for await (const chunk of chunks) if (!context.io.stdout.write(chunk)) await once(context.io.stdout, 'drain');
    });
}
