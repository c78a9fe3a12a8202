import type {Command} from 'commander';
import type {Context} from '../context.ts';

const letters = ['C', 'A', 'D'] as const;

export function registerDiff(program: Command, context: Context): void {
  program
    .command('diff')
    .description('what a container has changed of its image: A added, C changed, D deleted')
    .argument('<container>')
    .addHelpText('after', '\nExamples:\n  tnet diff web')
    .action(async (name: string) => {
      const client = await context.connect();
      const path = `/containers/${encodeURIComponent(name)}/changes`;
      const changes = await client.call<{Kind: 0 | 1 | 2; Path: string}[]>('GET', path);
      for (const {Kind, Path} of changes) context.print(`${letters[Kind]} ${Path}`);
    });
}
