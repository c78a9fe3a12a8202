import {existsSync, writeFileSync} from 'node:fs';
import type {Client} from '../api/client.ts';
import type {ContainerCreate, ContainerCreated} from '../api/engine-types.ts';
import type {Context} from './context.ts';
import type {RunOptions} from './create-body.ts';

export interface Creation {
  readonly body: ContainerCreate;
  readonly options: RunOptions;
  readonly context: Context;
}

/** Creates it, says its warnings, writes its id where it was asked for. Returns the id. */
export async function createContainer(client: Client, {body, options, context}: Creation): Promise<string> {
  const {Id: id, Warnings: warnings} = await client.call<ContainerCreated>('POST', '/containers/create', {
    query: {name: options.name},
    body,
  });
  for (const warning of warnings) context.io.stderr.write(`tnet: warning: ${warning}\n`);
  if (options.cidfile !== undefined) {
    try {
      writeFileSync(options.cidfile, id, {flag: 'wx'});
    } catch (error) {
      await client.call('DELETE', `/containers/${id}`, {query: {force: true}});
      throw error;
    }
  }
  return id;
}

/** Before anything is made: another container's id is not overwritten. */
export function refuseTakenFile(path: string | undefined): void {
  if (path !== undefined && existsSync(path))
    throw new SyntaxError(`container ID file found, make sure the other container isn't running or delete ${path}`);
}
