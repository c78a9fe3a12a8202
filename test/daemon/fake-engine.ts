import {randomBytes} from 'node:crypto';
import {EventEmitter, once} from 'node:events';
import {Duplex, PassThrough} from 'node:stream';
import {encodeFrame} from '../../src/api/stdcopy.ts';
import {TnetError} from '../../src/errors.ts';
import type {Container, ContainerState} from '../../src/model/container.ts';
import type {Controller} from '../../src/network/controller.ts';
import type {CgroupUsage} from '../../src/runtime/cgroup/cgroup.ts';
import type {Engine} from '../../src/runtime/engine.ts';
import type {Execs} from '../../src/runtime/exec/execs.ts';
import {attachSpec} from '../../src/runtime/join-networks.ts';
import type {LogLine} from '../../src/runtime/logs/log-line.ts';

interface Entry {
  container: Container;
  readonly lines: LogLine[];
  /** `line`, `exit`, `removed`. */
  readonly events: EventEmitter;
  readonly stdin: PassThrough;
}

/** What the fake knows to run: `echo`, `warn` (to stderr), `cat`, `exit N`, `tick` (a line every 5 ms) and `sleep`, until a signal. */
type Program = (
  entry: Entry,
  args: readonly string[],
  out: (text: string, stream?: LogLine['stream']) => void,
) => number | undefined;

const programs: Readonly<Record<string, Program>> = {
  echo: (_, args, out) => {
    out(`${args.join(' ')}\n`);
    return 0;
  },
  warn: (_, args, out) => {
    out(`${args.join(' ')}\n`, 'stderr');
    return 1;
  },
  exit: (_, [code]) => Number(code),
  cat: (entry, _, out) => {
    entry.stdin.on('data', chunk => out(String(chunk))).on('end', () => entry.events.emit('done', 0));
    return undefined;
  },
  tick: (entry, _, out) => {
    const timer = setInterval(() => out('tick\n'), 5);
    entry.events.once('exit', () => clearInterval(timer));
    return undefined;
  },
  sleep: () => undefined,
};

/** Half a CPU, 10 MiB of 64, 2 of them cache. */
function fakeUsage(): CgroupUsage {
  const totalNs = performance.now() * 500_000;
  return {
    cpu: {totalNs, userNs: totalNs, systemNs: 0},
    throttling: {periods: 10, throttled: 5, throttledNs: 1000},
    memory: {
      usageBytes: 10 * 2 ** 20,
      limitBytes: 64 * 2 ** 20,
      maxUsageBytes: null,
      failures: null,
      stat: {inactive_file: 2 * 2 ** 20},
    },
    pids: {current: 3, limit: null},
    io: [
      {major: 254, minor: 0, op: 'read', bytes: 4096},
      {major: 254, minor: 0, op: 'write', bytes: 8192},
    ],
  };
}

/** It runs nothing more in a container. */
const noExecs: Execs = {
  create: () => missing('new'),
  get: missing,
  of: () => [],
  start: async id => missing(id),
  resize: missing,
  kill: missing,
  forget: async id => missing(id),
  recover: async () => {},
  close: () => {},
};

function missing(id: string): never {
  throw new TnetError('ERR_EXEC_NOT_FOUND', `No such exec instance: ${id}`);
}

export interface FakeEngine extends Engine {
  /** Followed logs whose reader has not left. */
  followers(): number;
  waiting(): number;
}

export function createFakeEngine(controller: Controller): FakeEngine {
  const entries = new Map<string, Entry>();
  let followers = 0;
  let waiting = 0;
  const find = (ref: string): Entry => {
    const all = [...entries.values()];
    const entry =
      all.find(({container}) => container.name === ref) ?? all.find(({container}) => container.id.startsWith(ref));
    if (!entry) throw new TnetError('ERR_CONTAINER_NOT_FOUND', `No such container: ${ref}`);
    return entry;
  };
  const set = (entry: Entry, state: Partial<ContainerState>): void => {
    entry.container = {...entry.container, state: {...entry.container.state, ...state}};
  };
  const drop = (entry: Entry): void => {
    entries.delete(entry.container.id);
    entry.events.emit('removed');
  };
  const exited = async (entry: Entry, exitCode: number): Promise<void> => {
    set(entry, {status: 'exited', pid: 0, exitCode, finishedAt: new Date().toISOString()});
    for (const {id} of controller.attachmentsOf({owner: entry.container.id})) await controller.detach(id);
    entry.events.emit('exit');
    if (entry.container.config.autoRemove) drop(entry);
  };
  const launch = (entry: Entry): void => {
    const [name = '', ...args] = entry.container.config.args;
    const out = (text: string, stream: LogLine['stream'] = 'stdout'): void => {
      const line = {stream, text, time: new Date().toISOString()};
      entry.lines.push(line);
      entry.events.emit('line', line);
    };
    entry.events.once('done', code => void exited(entry, code));
    const code = programs[name]!(entry, args, out);
    if (code !== undefined) setImmediate(() => entry.events.emit('done', code));
  };
  return {
    list: () => [...entries.values()].map(({container}) => container),
    get: ref => find(ref).container,
    resize: ref => void find(ref),
    execs: noExecs,
    health: {see: () => {}, of: () => null, recover: () => {}, close: () => {}},
    async connect(ref, endpoint) {
      const {container} = find(ref);
      await controller.attach(attachSpec(container, endpoint, {netns: `/netns/${container.id}`, ports: []}));
    },
    configure: async () => {},
    async disconnect(ref, network) {
      const held = controller.attachmentsOf({owner: find(ref).container.id, network: controller.get(network).id});
      await controller.detach(...held.map(({id}) => id));
    },
    async create(config, name) {
      if (config.image !== 'host') throw new TnetError('ERR_IMAGE_NOT_FOUND', `No such image: ${config.image}`);
      if (config.network.kind === 'network') controller.get(config.network.network);
      const holder = [...entries.values()].find(({container}) => container.name === name);
      if (holder)
        throw new TnetError(
          'ERR_NAME_IN_USE',
          `Conflict. The container name "/${name}" is already in use by container "${holder.container.id}".`,
        );
      const id = randomBytes(32).toString('hex');
      const state: ContainerState = {
        status: 'created',
        pid: 0,
        exitCode: 0,
        oomKilled: false,
        paused: false,
        error: '',
        startedAt: null,
        finishedAt: null,
        restartCount: 0,
        manuallyStopped: false,
      };
      const container = {id, name: name ?? `fake_${id.slice(0, 6)}`, created: new Date().toISOString(), config, state};
      entries.set(id, {container, lines: [], events: new EventEmitter().setMaxListeners(0), stdin: new PassThrough()});
      return container;
    },
    async start(ref) {
      const entry = find(ref);
      const {id, config, state} = entry.container;
      if (state.status === 'running') throw new TnetError('ERR_NOT_MODIFIED', 'already running');
      const [name = ''] = config.args;
      if (name === '/etc/hosts') throw new TnetError('ERR_COMMAND_NOT_EXECUTABLE', `exec "${name}": permission denied`);
      if (!Object.hasOwn(programs, name))
        throw new TnetError('ERR_COMMAND_NOT_FOUND', `exec: "${name}": executable file not found in $PATH`);
      for (const [i, endpoint] of config.endpoints.entries())
        await controller.attach(
          attachSpec(entry.container, endpoint, {netns: `/netns/${id}`, ports: i === 0 ? config.ports : []}),
        );
      set(entry, {status: 'running', pid: 4242, startedAt: new Date().toISOString()});
      setImmediate(launch, entry);
    },
    async stop(ref) {
      const entry = find(ref);
      if (entry.container.state.status !== 'running') throw new TnetError('ERR_NOT_MODIFIED', 'not running');
      entry.events.emit('done', 143);
      await Promise.resolve();
    },
    async kill(ref, signal) {
      const entry = find(ref);
      if (entry.container.state.status !== 'running')
        throw new TnetError(
          'ERR_CONFLICT',
          `cannot kill container: ${ref}: container ${entry.container.id} is not running`,
        );
      entry.events.emit('done', signal === 'SIGINT' ? 130 : 137);
    },
    async pause(ref) {
      set(find(ref), {paused: true});
    },
    async unpause(ref) {
      set(find(ref), {paused: false});
    },
    async update(ref, {limits}) {
      const entry = find(ref);
      const {config} = entry.container;
      entry.container = {...entry.container, config: {...config, limits: {...config.limits, ...limits}}};
    },
    size: async () => ({writtenBytes: 12, totalBytes: 4_200_012}),
    usage: ref => ({
      read: () => (find(ref).container.state.status === 'running' ? fakeUsage() : null),
      close() {},
    }),
    processes: () => [process.pid],
    async remove(ref, {force}) {
      const entry = find(ref);
      const running = entry.container.state.status === 'running';
      if (running && !force)
        throw new TnetError(
          'ERR_CONFLICT',
          `cannot remove container "/${entry.container.name}": container is running: stop the container before removing or force remove`,
        );
      if (running) await exited(entry, 137);
      drop(entry);
    },
    async restart(ref) {
      find(ref);
    },
    async rename(ref, name) {
      const entry = find(ref);
      entry.container = {...entry.container, name};
    },
    publish: async (_, mapping) => mapping,
    unpublish: async () => {},
    async wait(ref, until) {
      const entry = find(ref);
      if (until === 'not-running' && entry.container.state.status !== 'running') return entry.container.state.exitCode;
      waiting++;
      await once(entry.events, until === 'removed' ? 'removed' : 'exit');
      waiting--;
      return entry.container.state.exitCode;
    },
    logs(ref, {stdout, stderr, follow, tail}) {
      const {lines, events, container} = find(ref);
      const queue = lines
        .filter(({stream}) => (stream === 'stdout' ? stdout : stderr))
        .slice(tail === null ? 0 : -tail || lines.length);
      let ended = !follow || container.state.status !== 'running';
      let wake = (): void => {};
      const push = (line: LogLine): void => {
        queue.push(line);
        wake();
      };
      const end = (): void => {
        if (!ended) followers--;
        ended = true;
        events.off('line', push).off('exit', end);
        wake();
      };
      if (!ended) {
        followers++;
        events.on('line', push).on('exit', end);
      }
      return {
        [Symbol.asyncIterator]: () => ({
          async next() {
            while (queue.length === 0 && !ended) await new Promise<void>(resolve => (wake = resolve));
            const value = queue.shift();
            return value === undefined ? {done: true, value} : {done: false, value};
          },
          async return() {
            end();
            return {done: true, value: undefined};
          },
        }),
      };
    },
    async attach(ref) {
      const {events, stdin} = find(ref);
      const duplex: Duplex = new Duplex({
        read() {},
        write(chunk, _encoding, done) {
          stdin.write(chunk, done);
        },
        final(done) {
          stdin.end(done);
        },
      });
      events
        .on('line', ({stream, text}: LogLine) => duplex.push(encodeFrame(stream, text)))
        .on('exit', () => duplex.push(null));
      return duplex;
    },
    async close() {
      for (const entry of entries.values()) entry.events.emit('exit');
    },
    followers: () => followers,
    waiting: () => waiting,
  };
}
