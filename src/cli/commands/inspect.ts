import type {Command} from 'commander';
import {ApiError} from '../../api/api-error.ts';
import type {Client} from '../../api/client.ts';
import type {Context} from '../context.ts';
import {describeError} from '../failure.ts';
import {compileTemplate} from '../template/template.ts';

const kinds: Readonly<Record<string, (name: string) => string>> = {
  container: name => `/containers/${name}/json`,
  network: name => `/networks/${name}`,
  image: name => `/images/${name}/json`,
  volume: name => `/volumes/${name}`,
};

export function registerInspect(program: Command, context: Context): void {
  program
    .command('inspect')
    .description('print everything about containers, networks, images or volumes')
    .argument('<name...>')
    .option('--type <type>', 'container, network, image or volume, when a name is several')
    .option('-s, --size', 'of containers, also the bytes on disk')
    .option('-f, --format <template>', "json, or a template like '{{.State.Status}}'")
    .addHelpText(
      'after',
      "\nExamples:\n  tnet inspect web\n  tnet inspect -f '{{json .NetworkSettings.Ports}}' web\n  tnet inspect --type network bridge",
    )
    .action(async (names: string[], {type, size, format}: {type?: string; size?: boolean; format?: string}) =>
      printInspected(names, {types: type === undefined ? Object.keys(kinds) : [type], size, format}, context),
    );
}

export interface Inspection {
  /** Tried in this order. */
  readonly types: readonly string[];
  readonly format?: string | undefined;
  readonly size?: boolean | undefined;
}

/** An array, as Docker's, or a line each by a template; what is not found is told, and the rest printed. */
export async function printInspected(
  names: readonly string[],
  {types, format, size}: Inspection,
  context: Context,
): Promise<void> {
  const render = format === undefined ? null : compileTemplate(format === 'json' ? '{{json .}}' : format);
  const unknown = types.find(type => !Object.hasOwn(kinds, type));
  if (unknown !== undefined) throw new SyntaxError(`unknown type "${unknown}": want ${Object.keys(kinds).join(', ')}`);
  const client = await context.connect();
  const results = await Promise.allSettled(names.map(name => inspect(client, name, {types, size})));
  const found = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  if (render === null) context.print(JSON.stringify(found, null, 4));
  else for (const thing of found) context.print(render(thing));
  for (const result of results) if (result.status === 'rejected') context.fail(describeError(result.reason));
}

async function inspect(client: Client, name: string, {types, size}: Inspection): Promise<unknown> {
  for (const type of types) {
    try {
      const query = type === 'container' ? {size} : {};
      return await client.call('GET', kinds[type]!(encodeURIComponent(name)), {query});
    } catch (error) {
      const last = type === types.at(-1);
      if (!(error instanceof ApiError) || error.status !== 404 || (last && types.length === 1)) throw error;
    }
  }
  throw new Error(`No such object: ${name}`);
}
