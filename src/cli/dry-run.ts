import type {Command} from 'commander';
import type {Client, Method, RequestOptions} from '../api/client.ts';
import type {Operations} from '../api/doctor-types.ts';
import type {Context} from './context.ts';

export interface DryRunOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Options of every command that changes networks. */
export function dryRunOptions(command: Command): Command {
  return command
    .option('--dry-run', 'print what would be done, and do nothing')
    .option('--json', 'with --dry-run: the operations as JSON');
}

export interface Request extends RequestOptions {
  readonly method: Method;
  readonly path: string;
}

/** Asks what the requests would do, each on its own, and prints an operation a line. */
export async function printDryRun(
  client: Client,
  requests: readonly Request[],
  {json, context}: {readonly json: boolean | undefined; readonly context: Context},
): Promise<void> {
  const asked = await Promise.all(
    requests.map(({method, path, query, body}) =>
      // Nothing at all for what is done already (304).
      client.call<Operations | undefined>(method, path, {query: {...query, dryRun: true}, body}),
    ),
  );
  const operations = asked.flatMap(answer => answer?.Operations ?? []);
  if (json) context.print(JSON.stringify(operations));
  else if (operations.length === 0) context.print('nothing to do');
  else for (const {text} of operations) context.print(text);
}
