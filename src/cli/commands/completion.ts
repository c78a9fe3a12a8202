import {Argument, type Command} from 'commander';
import {scripts} from '../completion/scripts.ts';
import type {Context} from '../context.ts';

export function registerCompletion(program: Command, {io}: Context): void {
  program
    .command('completion')
    .description('print what a shell needs to complete commands, options and names')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(tnet completion bash)\n  tnet completion bash > /etc/bash_completion.d/tnet',
    )
    .action((shell: string) => void io.stdout.write(scripts[shell]!));
}
