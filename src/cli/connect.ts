import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Client} from '../api/client.ts';
import {type Roots, socketPath} from '../api/roots.ts';
import {TnetError} from '../errors.ts';
import type {Io} from './context.ts';

/** A client of the daemon on these roots. Starts the daemon when there is none; that needs root. */
export async function connect(roots: Roots, io: Io): Promise<Client> {
  const [{createClient}, {ensureDaemon}, {startTimeoutMs}] = await Promise.all([
    import('../api/client.ts'),
    import('../api/ensure-daemon.ts'),
    import('../api/start-timeout.ts'),
  ]);
  const onStart = (): void => {
    refuseUser();
    if (io.stderr.isTTY) io.stderr.write(`tnet: starting the daemon (log: ${roots.root}/daemon.log)\n`);
  };
  const timeoutMs = startTimeoutMs(io.env);
  try {
    await ensureDaemon({roots, daemon: daemonScript(), onStart, timeoutMs});
  } catch (cause) {
    throw explain(cause as NodeJS.ErrnoException, roots);
  }
  return createClient(socketPath(roots));
}

/** Beside the bundle, or the compiled module when the modules run unbundled, as in tests. */
export function daemonScript(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const bundled = join(here, 'daemon.cjs');
  return existsSync(bundled) ? bundled : join(here, '../daemon/main.js');
}

function refuseUser(): void {
  if (process.getuid?.() !== 0)
    throw new TnetError(
      'ERR_DAEMON',
      'the daemon needs root: it makes network devices and namespaces. Run this command as root',
    );
}

function explain(error: NodeJS.ErrnoException, {runRoot}: Roots): Error {
  if (error.code !== 'EACCES' && error.code !== 'EPERM') return error;
  return new TnetError('ERR_DAEMON', `permission denied on "${runRoot}": run this command as root`, {cause: error});
}
