import type {Command} from 'commander';
import type {ContainerTop} from '../../api/container-stats-types.ts';
import type {Context} from '../context.ts';
import {formatTable} from '../table.ts';

export function registerTop(program: Command, context: Context): void {
  program
    .command('top')
    .description('processes of a container, with pids of the host')
    .argument('<container>')
    .argument('[options...]', 'of ps(1), -ef without')
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText('after', '\nExamples:\n  tnet top web\n  tnet top web -o pid,rss,args')
    .action(async (name: string, args: readonly string[]) => {
      const client = await context.connect();
      const {Titles, Processes} = await client.call<ContainerTop>(
        'GET',
        `/containers/${encodeURIComponent(name)}/top`,
        {
          query: {ps_args: args.length > 0 ? args.join(' ') : undefined},
        },
      );
      const last = Titles.length - 1;
      const columns = Titles.map((title, i) => (i === last ? {title, shrinksTo: 8} : {title}));
      context.print(formatTable(columns, Processes, context.io.stdout));
    });
}
