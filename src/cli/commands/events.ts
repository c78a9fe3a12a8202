import {createInterface} from 'node:readline';
import type {Command} from 'commander';
import type {EventMessage} from '../../api/event-types.ts';
import type {Context} from '../context.ts';
import {type Filtered, filterQuery} from '../filter-query.ts';
import {formatEvent} from '../format-event.ts';
import {collect} from '../parse.ts';
import {parseMoment} from '../parse-moment.ts';
import {compileTemplate} from '../template/template.ts';

interface EventsOptions extends Filtered {
  readonly since?: string;
  readonly until?: string;
  readonly format?: string;
  readonly json?: boolean;
}

export function registerEvents(program: Command, context: Context): void {
  program
    .command('events')
    .description('print what happens, until interrupted')
    .option('--since <time>', 'from a time, or 10m ago: what the daemon remembers first', parseMoment)
    .option('--until <time>', 'to a time', parseMoment)
    .option(
      '-f, --filter <filter>',
      'type, event, container, network, volume, image or label=value (repeatable)',
      collect,
    )
    .option('--format <template>', "json, or a template like '{{.Action}} {{.Actor.ID}}'")
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExamples:\n  tnet events --since 10m --filter container=web --filter event=die')
    .action(async (options: EventsOptions) => {
      const print = printer(options);
      const client = await context.connect();
      const query = {since: options.since, until: options.until, ...filterQuery(options)};
      const answer = await client.stream('GET', '/events', {query});
      for await (const line of createInterface({input: answer})) context.print(print(line));
    });
}

function printer({format, json}: EventsOptions): (line: string) => string {
  if (json || format === 'json') return line => line; // parsed and written again its nanoseconds would be rounded
  const show = format === undefined ? formatEvent : compileTemplate(format);
  return line => show(JSON.parse(line) as EventMessage);
}
