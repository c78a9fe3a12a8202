import type {Command} from 'commander';
import type {ContainersPruned} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {type Filtered, filterQuery} from '../filter-query.ts';
import {collect} from '../parse.ts';

export function registerContainer(program: Command, context: Context): void {
  program
    .command('container')
    .description('remove containers that do not run: prune')
    .command('prune')
    .description('remove containers that do not run')
    .option('-f, --force', 'as without it: nothing is asked')
    .option('--filter <filter>', 'until=24h, label=value or label!=value (repeatable)', collect)
    .addHelpText('after', '\nExamples:\n  tnet container prune --filter until=24h')
    .action(async (options: Filtered) => {
      const client = await context.connect();
      const query = filterQuery(options);
      const {ContainersDeleted: ids} = await client.call<ContainersPruned>('POST', '/containers/prune', {query});
      for (const id of ids) context.print(id);
    });
}
