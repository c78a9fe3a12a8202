import type {Command} from 'commander';
import type {Version} from '../../api/engine-types.ts';
import {socketPath} from '../../api/roots.ts';
import {apiVersion, tnetVersion} from '../../api/version.ts';
import type {Context} from '../context.ts';

export function registerVersion(program: Command, context: Context): void {
  program
    .command('version')
    .description('print the versions of the client and of the daemon')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  tnet version')
    .action(async ({json}: {json?: boolean}) => {
      const server = await serverVersion(context);
      const client = {Version: tnetVersion, ApiVersion: apiVersion, Node: process.version};
      context.print(json ? JSON.stringify({Client: client, Server: server}) : formatVersions(client, server));
    });
}

/** Null when none runs: a version is no reason to start a daemon. */
async function serverVersion(context: Context): Promise<Version | null> {
  const [{answers}, {createClient}] = await Promise.all([
    import('../../api/answers.ts'),
    import('../../api/client.ts'),
  ]);
  const socket = socketPath(context.roots());
  return (await answers(socket)) ? createClient(socket).call<Version>('GET', '/version') : null;
}

function formatVersions(client: {Version: string; ApiVersion: string; Node: string}, server: Version | null): string {
  return [
    `Client: tnet ${client.Version}, API ${client.ApiVersion}, node ${client.Node}`,
    server === null
      ? 'Server: not running (the next command that needs it starts it)'
      : `Server: tnet ${server.Version}, API ${server.ApiVersion}, ${server.Os}/${server.Arch}, kernel ${server.KernelVersion}`,
  ].join('\n');
}
