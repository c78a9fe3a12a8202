import type {Command} from 'commander';
import type {WaitResult} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {forEachName} from '../each.ts';

export function registerWait(program: Command, context: Context): void {
  program
    .command('wait')
    .description('wait until containers have exited, and print their exit codes')
    .argument('<container...>')
    .addHelpText('after', '\nExamples:\n  tnet wait web')
    .action(async (names: string[]) => {
      const client = await context.connect();
      await forEachName(names, context, async name => {
        const {StatusCode, Error: failure} = await client.call<WaitResult>(
          'POST',
          `/containers/${encodeURIComponent(name)}/wait`,
        );
        if (failure) throw new Error(failure.Message);
        return String(StatusCode);
      });
    });
}
