import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type Client, createClient} from '../../src/api/client.ts';
import {netnsIdentity} from '../../src/api/netns.ts';
import type {Roots} from '../../src/api/roots.ts';
import {createLogger} from '../../src/daemon/logger.ts';
import {createServer} from '../../src/daemon/server.ts';
import type {OpenCapture} from '../../src/kernel/capture/capture.ts';
import type {Controller} from '../../src/network/controller.ts';
import {createEventLog, type EventLog} from '../../src/runtime/event-log.ts';
import {fakeArchives} from './fake-archives.ts';
import {createFakeController} from './fake-controller.ts';
import {createFakeEngine, type FakeEngine} from './fake-engine.ts';
import {createFakeImages} from './fake-images.ts';
import {createFakeTracer} from './fake-tracer.ts';
import {createFakeVolumes} from './fake-volumes.ts';

export const facts = {
  hostname: 'testhost',
  kernel: '6.1.0',
  operatingSystem: 'Debian GNU/Linux 12',
  machine: 'x86_64',
  architecture: 'amd64',
  cpus: 2,
  memoryBytes: 2 ** 31,
  cgroupVersion: '2',
  limits: {
    ...{memory: true, swap: false, oomKillDisable: false, cpuQuota: true, cpuShares: true, cpuset: false, pids: true},
  },
  ipv4Forwarding: true,
} as const;

export interface FakeDaemon {
  readonly roots: Roots;
  readonly socket: string;
  readonly client: Client;
  readonly engine: FakeEngine;
  readonly events: EventLog;
  readonly controller: Controller;
  readonly logged: readonly string[];
  readonly shutdowns: () => number;
  close(): Promise<void>;
}

/** Packets need a kernel: what is tested without one never gets so far. */
const refuseCapture: OpenCapture = () => {
  throw new Error('the fake daemon has no packets');
};

/** The real server on a socket in a temporary folder, over fakes. */
export async function serveFake(options: {readonly netns?: string} = {}): Promise<FakeDaemon> {
  const folder = mkdtempSync(join(tmpdir(), 'tnet-api-'));
  const roots = {root: join(folder, 'root'), runRoot: folder};
  const socket = join(folder, 'tnet.sock');
  const controller = createFakeController();
  const engine = createFakeEngine(controller);
  const events = createEventLog(() => new Date());
  const logged: string[] = [];
  let shutdowns = 0;
  const log = createLogger(line => logged.push(line));
  const netns = options.netns ?? netnsIdentity();
  const server = createServer({
    controller,
    engine,
    events,
    preview: async () => [{do: 'add', item: {ns: '/run/x', kind: 'netns'}}],
    doctor: {examine: async () => [], mend: async () => []},
    openCapture: refuseCapture,
    tracer: createFakeTracer(),
    archives: fakeArchives,
    images: createFakeImages(roots, () => engine.list().length),
    names: {serve: async () => {}, resume: async () => {}},
    held: {hold: async () => '', release: async () => {}, sweep: async () => {}},
    volumes: createFakeVolumes(roots),
    facts,
    root: roots.root,
    idMaps: null,
    netns,
    log,
    now: () => new Date(),
    shutdown: () => shutdowns++,
  });
  await server.listen(socket);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= server
      .close()
      .then(engine.close)
      .then(() => rmSync(folder, {recursive: true, force: true}));
    return closing;
  };
  return {
    roots,
    socket,
    client: createClient(socket),
    engine,
    events,
    controller,
    logged,
    shutdowns: () => shutdowns,
    close,
  };
}

/** Resolves when `condition` holds; rejects after ten seconds. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error('it did not happen within 10 s');
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
