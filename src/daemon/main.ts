#!/usr/bin/env node
import {TnetError} from '../errors.ts';
import {loadNative} from '../kernel/native.ts';
import {compose} from './compose.ts';
import {examineAlone} from './examine-alone.ts';
import {createLogger} from './logger.ts';
import {parseDaemonOptions} from './options.ts';
import {runDaemon} from './run-daemon.ts';

const log = createLogger(line => process.stderr.write(line));

/** A foreseen failure is one line; a client that started us prints it. */
function die(error: unknown): never {
  if (error instanceof TnetError || isUsersError(error)) log.error(error.message);
  else log.error('The daemon failed', error);
  process.exit(1);
}

/** A run root that cannot be made or bound is the user's to mend: no stack. */
function isUsersError(error: unknown): error is Error {
  return error instanceof RangeError || (error instanceof Error && 'syscall' in error);
}

async function main(): Promise<void> {
  const options = parseDaemonOptions(process.argv.slice(2), process.env);
  if (process.getuid?.() !== 0)
    throw new TnetError('ERR_DAEMON', 'the daemon needs root: it makes network devices and namespaces');
  if (options.examine) return void process.stdout.write(JSON.stringify(await examineAlone(options.roots)));
  process.exit(await runDaemon(options, {tryLock: fd => loadNative().lock(fd, 'exclusive', true), compose, log}));
}

process.on('uncaughtException', die);
process.on('unhandledRejection', die);
main().catch(die);
