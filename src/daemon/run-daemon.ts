import {rmSync} from 'node:fs';
import {makeFolders} from '../api/make-folders.ts';
import {netnsIdentity} from '../api/netns.ts';
import {pidPath, socketPath} from '../api/roots.ts';
import type {Compose} from './compose.ts';
import {readHostFacts} from './host-facts.ts';
import type {Logger} from './logger.ts';
import type {DaemonOptions} from './options.ts';
import type {Composed} from './parts.ts';
import {readPid, type TryLock, takePidFile} from './pid-file.ts';
import {createServer} from './server.ts';

export interface DaemonEnvironment {
  readonly tryLock: TryLock;
  readonly compose: Compose;
  readonly log: Logger;
}

/** A daemon's whole life; resolves to the exit code of its process. Containers go on after it. */
export async function runDaemon(options: DaemonOptions, {tryLock, compose, log}: DaemonEnvironment): Promise<number> {
  const stop = stopSignals();
  const {root, runRoot} = options.roots;
  for (const folder of [root, runRoot]) makeFolders(folder, 0o711);
  const pidFile = takePidFile(pidPath(options.roots), tryLock);
  if (pidFile === null) return lost(options, log);
  try {
    const composed = await compose(options, log);
    return await serve({options, composed, log, stop});
  } finally {
    pidFile.release();
  }
}

function lost({detached, roots}: DaemonOptions, log: Logger): number {
  if (detached) return 0; // two clients started one each; the other one serves both
  log.error(`Cannot start daemon: one runs already on "${roots.runRoot}" (pid ${readPid(pidPath(roots))})`);
  return 1;
}

interface Stop {
  readonly requested: Promise<string>;
  request(reason: string): void;
}

/** From the beginning: a signal while the store opens must not leave a half-opened daemon. */
function stopSignals(): Stop {
  let request: (reason: string) => void = () => {};
  const requested = new Promise<string>(resolve => (request = resolve));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, request);
  return {requested, request};
}

async function serve({
  options,
  composed,
  log,
  stop,
}: {
  options: DaemonOptions;
  composed: Composed;
  log: Logger;
  stop: Stop;
}): Promise<number> {
  const socket = socketPath(options.roots);
  const server = createServer({
    ...composed,
    facts: readHostFacts(),
    root: options.roots.root,
    idMaps: options.idMaps,
    netns: netnsIdentity(),
    log,
    now: () => new Date(),
    shutdown: () => stop.request('a request'),
  });
  rmSync(socket, {force: true}); // of a dead daemon: we hold the lock
  await server.listen(socket);
  log.info(`listening on "${socket}", pid ${process.pid}`);
  log.info(`stopping: ${await stop.requested}`);
  return closeAll(
    [() => rmSync(socket, {force: true}), server.close, composed.engine.close, composed.controller.close],
    log,
  );
}

/** Each step is tried, whatever the one before did. */
async function closeAll(steps: readonly (() => void | Promise<void>)[], log: Logger): Promise<number> {
  let failed = 0;
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failed = 1;
      log.error('Cannot stop cleanly', error);
    }
  }
  log.info('stopped');
  return failed;
}
