import type {Command} from 'commander';
import type {Context} from '../context.ts';
import {copyOutput} from '../copy-output.ts';

interface LogsOptions {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly timestamps?: boolean;
}

export function registerLogs(program: Command, context: Context): void {
  program
    .command('logs')
    .description("print a container's output")
    .argument('<container>')
    .option('-f, --follow', 'go on until it exits')
    .option('-n, --tail <lines>', 'only the last lines, or all')
    .option('-t, --timestamps', 'with the time of each line')
    .addHelpText('after', '\nExamples:\n  tnet logs -f --tail 20 web')
    .action(async (name: string, {follow, tail, timestamps}: LogsOptions) => {
      const client = await context.connect();
      const query = {stdout: true, stderr: true, follow, tail, timestamps};
      await copyOutput(await client.stream('GET', `/containers/${encodeURIComponent(name)}/logs`, {query}), context.io);
    });
}
