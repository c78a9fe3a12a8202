import type {Command} from 'commander';
import type {Context} from '../context.ts';
import {forEachName} from '../each.ts';
import {type LifeOptions, parseRestart, restartBody, restartHelp} from '../life-flags.ts';
import {type LiveLimitOptions, liveLimitOptions, liveLimitsBody} from '../limit-options.ts';

const examples = `
Examples:
  tnet update --cpus 1.5 -m 512m --memory-swap 1g web
  tnet update --cpuset-cpus 0 --pids-limit -1 web db`;

export function registerUpdate(program: Command, context: Context): void {
  liveLimitOptions(program.command('update'))
    .option('--restart <policy>', restartHelp, parseRestart)
    .description('change limits and the restart policy, of what runs at once, and for the next starts')
    .argument('<container...>')
    .addHelpText('after', examples)
    .action(async (names: string[], options: LiveLimitOptions & Pick<LifeOptions, 'restart'>) => {
      const body = {...liveLimitsBody(options), ...restartBody(options)};
      if (Object.keys(body).length === 0)
        throw new SyntaxError('you must provide one or more flags when using this command');
      const client = await context.connect();
      await forEachName(names, context, async name => {
        await client.call('POST', `/containers/${encodeURIComponent(name)}/update`, {body});
        return undefined;
      });
    });
}
