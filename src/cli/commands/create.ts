import type {Command} from 'commander';
import type {Context} from '../context.ts';
import {createBody, type RunOptions} from '../create-body.ts';
import {createContainer, refuseTakenFile} from '../create-container.ts';
import {terminalSize} from '../terminal.ts';
import {createFlags} from './run.ts';

export function registerCreate(program: Command, context: Context): void {
  createFlags(program.command('create'))
    .description('make a container that `tnet start` will start; print its id')
    .addHelpText('after', '\nExamples:\n  tnet create --name job host make\n  tnet start -a job')
    .action(async (image: string, command: readonly string[], options: RunOptions) => {
      const body = createBody(image, command, {...options, size: terminalSize(context.io)}, context.io.env);
      refuseTakenFile(options.cidfile);
      context.print(await createContainer(await context.connect(), {body, options, context}));
    });
}
