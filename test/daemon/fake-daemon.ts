// A daemon process over fakes, for tests of whoever starts one: `node fake-daemon.js --root … --run-root …`.
import {spawnSync} from 'node:child_process';
import {appendFileSync, existsSync, readFileSync} from 'node:fs';
import {createLogger} from '../../src/daemon/logger.ts';
import {parseDaemonOptions} from '../../src/daemon/options.ts';
import {runDaemon} from '../../src/daemon/run-daemon.ts';
import {createEventLog} from '../../src/runtime/event-log.ts';
import {fakeArchives} from './fake-archives.ts';
import {createFakeController} from './fake-controller.ts';
import {createFakeEngine} from './fake-engine.ts';
import {createFakeImages} from './fake-images.ts';
import {createFakeTracer} from './fake-tracer.ts';
import {createFakeVolumes} from './fake-volumes.ts';

const options = parseDaemonOptions(process.argv.slice(2), process.env);
const log = createLogger(line => process.stderr.write(line));

/** util-linux flock(1) locks the open file that we share with it, so the lock stays ours after it has left. */
const tryLock = (fd: number): boolean =>
  spawnSync('flock', ['-n', '3'], {stdio: ['ignore', 'ignore', 'ignore', fd]}).status === 0;

const refuseCapture = (): never => {
  throw new Error('the fake daemon has no packets');
};

const compose = async () => {
  appendFileSync(`${options.roots.root}/starts`, `${process.pid}\n`);
  const failure = `${options.roots.root}/failure`;
  if (existsSync(failure)) throw new Error(readFileSync(failure, 'utf8'));
  const controller = createFakeController();
  const engine = createFakeEngine(controller);
  return {
    controller,
    engine,
    events: createEventLog(() => new Date()),
    preview: async () => [],
    doctor: {examine: async () => [], mend: async () => []},
    openCapture: refuseCapture,
    tracer: createFakeTracer(),
    archives: fakeArchives,
    images: createFakeImages(options.roots, () => engine.list().length),
    names: {serve: async () => {}, resume: async () => {}},
    held: {hold: async () => '', release: async () => {}, sweep: async () => {}},
    volumes: createFakeVolumes(options.roots),
  };
};

runDaemon(options, {tryLock, compose, log}).then(
  code => process.exit(code),
  (error: Error) => {
    log.error(error.message);
    process.exit(1);
  },
);
