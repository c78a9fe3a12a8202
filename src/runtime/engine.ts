import type {Duplex} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';
import {TnetError} from '../errors.ts';
import {type Container, type ContainerConfig, type EndpointConfig, hasProcess, isRunning} from '../model/container.ts';
import {containerEvent, volumeEvent} from '../model/event.ts';
import {parseLogRotation} from '../model/log-config.ts';
import type {PortMapping} from '../model/port-mapping.ts';
import type {TerminalSize} from '../model/streams.ts';
import {checkLimits, type UsageReader} from './cgroup/cgroup.ts';
import {refuseTakenName, resolveMode, validateNetwork} from './check-config.ts';
import {chooseIds, type KnownIds} from './choose-ids.ts';
import {configure, connect, disconnect, type EndpointChange} from './connections.ts';
import {type ContainerSize, containerSize} from './container-size.ts';
import {createExecs, type Execs} from './exec/execs.ts';
import {findContainer} from './find-container.ts';
import {createHealthMonitors, type HealthMonitors} from './health/health-monitors.ts';
import {applyImage} from './images/apply-image.ts';
import {directoryImage} from './images/directory-image.ts';
import {createLife, type Life, type LifeParts, neverStarted, type Removal} from './life.ts';
import type {LogLine, LogOptions} from './logs/log-line.ts';
import {readLogs} from './logs/read-logs.ts';
import {makeName} from './names.ts';
import {pause, refusePaused, unpause, wakeUp} from './pause.ts';
import {containerPlaces} from './places.ts';
import {publish, unpublish} from './publish-ports.ts';
import {resolveRootfs} from './rootfs.ts';
import {signalNumber} from './signals.ts';
import {sysctlsOf} from './sysctls.ts';
import {ulimitNumber} from './ulimits.ts';
import {type ContainerUpdate, updateContainer} from './update-container.ts';
import {containerProcesses, containerUsage} from './usage.ts';
import {requireUserns} from './user-namespace.ts';
import {claimStorage, imageVolumes} from './volumes/claim-storage.ts';
import {checkSources} from './volumes/place-mounts.ts';

/** Life of containers. `ref` is a name, an id or a unique id prefix; ERR_CONTAINER_NOT_FOUND otherwise. */
export interface Engine {
  list(): readonly Container[];
  get(ref: string): Container;
  /** A name is made up when `name` is null. ERR_NAME_IN_USE, ERR_IMAGE_NOT_FOUND, ERR_NETWORK_NOT_FOUND, ERR_BAD_REQUEST for a root directory. */
  create(config: ContainerConfig, name: string | null): Promise<Container>;
  /** ERR_NOT_MODIFIED when it runs already; ERR_COMMAND_NOT_FOUND, ERR_COMMAND_NOT_EXECUTABLE, ERR_PORT_IN_USE … leave it `created`. */
  start(ref: string): Promise<void>;
  /** Sends the stop signal, after the timeout SIGKILL; resolves when it has exited. ERR_NOT_MODIFIED when it does not run. */
  stop(ref: string, options: {readonly timeoutS: number | null; readonly signal: string | null}): Promise<void>;
  kill(ref: string, signal: string): Promise<void>;
  /** Freezes all of its processes; what is to end it thaws it. ERR_CONFLICT when it does not run or is paused. */
  pause(ref: string): Promise<void>;
  unpause(ref: string): Promise<void>;
  /** Changes limits, live when it runs, and for its next starts. All or nothing. */
  update(ref: string, change: ContainerUpdate): Promise<void>;
  /** Its counters, which stay open until they are closed; they read null while it does not run. */
  usage(ref: string): UsageReader;
  /** Of its files on disk. */
  size(ref: string): Promise<ContainerSize>;
  /** Pids of the host. ERR_CONFLICT when it does not run. */
  processes(ref: string): readonly number[];
  /** Stops it when it runs, and starts it. What joined its sandbox goes on undisturbed; --rm does not remove it meanwhile. */
  restart(ref: string, options: {readonly timeoutS: number | null; readonly signal: string | null}): Promise<void>;
  /** ERR_NAME_IN_USE. Its name on its networks follows at once. */
  rename(ref: string, name: string): Promise<void>;
  /** ERR_CONFLICT when it runs and `force` is false. */
  remove(ref: string, options: Removal & {readonly force: boolean}): Promise<void>;
  /** Changes the published ports, live when it runs, and for its next starts. */
  publish(ref: string, mapping: PortMapping): Promise<PortMapping>;
  unpublish(ref: string, mapping: PortMapping): Promise<void>;
  /** Puts it on another network, live when it runs, and for its next starts. ERR_FORBIDDEN where it cannot be, or is already. */
  connect(ref: string, endpoint: EndpointConfig): Promise<void>;
  /** `network` is a name, an id or a prefix. */
  disconnect(ref: string, network: string): Promise<void>;
  /** Changes options of one endpoint, as its limits, live when it runs. ERR_BAD_REQUEST. */
  configure(ref: string, change: EndpointChange): Promise<void>;
  /** Exit code. `next-exit` waits for an exit from now on even if it is not running now. */
  wait(ref: string, until: 'not-running' | 'next-exit' | 'removed'): Promise<number>;
  /** ERR_UNSUPPORTED when none is kept. */
  logs(ref: string, options: LogOptions): AsyncIterable<LogLine>;
  /**
   * Live streams. Readable side: Docker's multiplexed frames (`[stream,0,0,0,length BE32]` + payload), ends at exit;
   * writable side: raw stdin, `end()` closes it. Works on a created container too: then nothing of its start is lost.
   */
  attach(ref: string): Promise<Duplex>;
  resize(ref: string, size: TerminalSize): void;
  readonly execs: Execs;
  readonly health: HealthMonitors;
  /** Leaves containers running. */
  close(): Promise<void>;
}

export interface EngineParts extends LifeParts, KnownIds {
  /** 64 random hex digits. */
  readonly newId: () => string;
}

/** Opens the containers of a daemon: adopts those that still run, cleans up after those that ended or never quite began. */
export async function createEngine(parts: EngineParts, life: Life = createLife(parts)): Promise<Engine> {
  const {store, controller, roots} = parts;
  const {containers} = store.state;
  const get = (ref: string): Container => findContainer(containers, ref);

  const holder = (name: string | null): Container | undefined =>
    [...containers.values()].find(container => container.name === name);

  const create: Engine['create'] = async (asked, name) => {
    await checkSources(asked.storage.mounts);
    const rootfs = asked.rootfs && {rootfs: await resolveRootfs(asked.rootfs, roots)};
    const image = rootfs ? directoryImage(rootfs.rootfs) : parts.resolveImage(asked.image);
    const config = {...applyImage(asked, image), ...rootfs};
    checkLimits(config.limits, parts.cgroups);
    signalNumber(config.stopSignal);
    sysctlsOf(config);
    for (const {name} of config.process.ulimits) ulimitNumber(name);
    parseLogRotation(config.log);
    validateNetwork(config, {network: controller.get, container: get});
    requireUserns(config, parts, containers);
    refuseTakenName(name, holder(name));
    const created = parts.now().toISOString();
    const claimed = {
      volumes: store.state.volumes,
      container: get,
      imageVolumes: imageVolumes(image),
      newId: parts.newId,
      created,
    };
    const {storage, fresh} = claimStorage(config.storage, claimed);
    const id = parts.newId();
    const container: Container = {
      id,
      name: name ?? makeName(candidate => holder(candidate) !== undefined),
      created,
      imageId: image.id,
      config: {
        ...config,
        isolation: {...config.isolation, userns: chooseIds(config.isolation.userns, parts, containers)},
        storage,
        network: resolveMode(config.network, get),
        hostname: config.hostname || id.slice(0, 12),
      },
      state: neverStarted,
    };
    store.commit({put: {containers: [container], volumes: fresh}});
    await life.place(id);
    for (const volume of fresh) parts.emit(volumeEvent(volume.name, 'create'));
    parts.emit(containerEvent(container, 'create'));
    return container;
  };

  /** After a signal that is to end it: as Docker, which leaves a paused container paused by any other. */
  const wake = (id: string): Promise<void> => wakeUp(parts, id);
  const killNow = async (id: string): Promise<void> => {
    await life.signal(id, signalNumber('KILL'));
    await wake(id);
  };

  const stop: Engine['stop'] = async (ref, {timeoutS, signal}) => {
    const container = get(ref);
    const {id, config, state} = container;
    if (!isRunning(state)) throw new TnetError('ERR_NOT_MODIFIED', `container ${id} is not running`);
    const number = signalNumber(signal ?? config.stopSignal);
    await life.standDown(id);
    if (hasProcess(get(id).state)) await end(id, {number, seconds: timeoutS ?? config.stopTimeoutS});
    parts.emit(containerEvent({...container, ...containers.get(id)}, 'stop'));
  };

  const end = async (id: string, {number, seconds}: {number: number; seconds: number}): Promise<void> => {
    const ended = life.ended(id);
    await life.signal(id, number);
    await wake(id);
    const inTime =
      seconds < 0 ? ended : Promise.race([ended.then(() => true), sleep(seconds * 1000, false, {ref: false})]);
    if ((await inTime) === false) await killNow(id);
    await ended;
  };

  const kill: Engine['kill'] = async (ref, signal) => {
    const {id, state, config} = get(ref);
    const number = signalNumber(signal);
    if (!isRunning(state))
      throw new TnetError('ERR_CONFLICT', `cannot kill container: ${ref}: container ${id} is not running`);
    // What is meant to end it is obeyed by its restart policy too.
    const ending = number === signalNumber('KILL') || number === signalNumber(config.stopSignal);
    if (ending) await life.standDown(id);
    await life.signal(id, number);
    if (ending) await wake(id);
  };

  const restart: Engine['restart'] = (ref, options) => {
    const {id} = get(ref);
    return life.keeping(id, async () => {
      if (isRunning(get(id).state)) await stop(id, options);
      await life.start(id);
      parts.emit(containerEvent(get(id), 'restart'));
    });
  };

  const rename: Engine['rename'] = (ref, name) =>
    life.alone(get(ref).id, async container => {
      if (container.name === name)
        throw new TnetError('ERR_BAD_REQUEST', 'Renaming a container with the same name as its current name');
      refuseTakenName(name, holder(name));
      const attachments = controller.attachmentsOf({owner: container.id}).map(attachment => ({
        ...attachment,
        names: attachment.names.map(each => (each === container.name ? name : each)),
      }));
      const renamed = {...container, name};
      store.commit({put: {containers: [renamed], attachments}});
      parts.emit(containerEvent(renamed, 'rename', {oldName: `/${container.name}`}));
    });

  const remove: Engine['remove'] = async (ref, {force, volumes}) => {
    const {id, name, state} = get(ref);
    if (isRunning(state) && !force)
      throw new TnetError(
        'ERR_CONFLICT',
        `cannot remove container "/${name}": container is ${state.status}: stop the container before removing or force remove`,
      );
    if (isRunning(state)) await life.standDown(id);
    if (containers.has(id) && hasProcess(get(id).state)) {
      const ended = life.ended(id);
      await killNow(id);
      await ended;
    }
    await life.remove(id, {volumes});
  };

  const wait: Engine['wait'] = async (ref, until) => {
    const {id, state} = get(ref);
    if (until === 'removed') return life.removed(id);
    if (until === 'next-exit' || isRunning(state)) return life.ended(id);
    return state.exitCode;
  };

  const list = (): readonly Container[] => [...containers.values()];
  const execs = createExecs({...parts, life, find: get, list});
  const health = createHealthMonitors({...parts, execs, find: get, list});
  await life.recover();
  return {
    list,
    get,
    create,
    start: async ref => life.start(get(ref).id),
    stop,
    restart,
    rename,
    kill,
    remove,
    publish: async (ref, mapping) => publish(parts, get(ref), mapping),
    unpublish: async (ref, mapping) => unpublish(parts, get(ref), mapping),
    connect: (ref, endpoint) => life.alone(get(ref).id, container => connect(parts, container, endpoint)),
    disconnect: (ref, network) => life.alone(get(ref).id, container => disconnect(parts, container, network)),
    configure: (ref, change) => life.alone(get(ref).id, container => configure(parts, container, change)),
    wait,
    logs(ref, options) {
      const {id, state, config} = get(ref);
      if (config.log.driver === 'none')
        throw new TnetError('ERR_UNSUPPORTED', 'configured logging driver does not support reading');
      const finished = isRunning(state) ? life.ended(id) : Promise.resolve();
      return readLogs({path: containerPlaces(roots, id).log, finished}, options);
    },
    attach: async ref => life.attach(refusePaused(get(ref), 'attach').id),
    pause: ref => life.alone(get(ref).id, container => pause(parts, container)),
    unpause: ref => life.alone(get(ref).id, container => unpause(parts, container)),
    update: (ref, change) => life.alone(get(ref).id, container => updateContainer(parts, container, change)),
    size: async ref => containerSize(parts, get(ref)),
    usage: ref => containerUsage(parts, get(ref).id),
    processes: ref => containerProcesses(parts, get(ref)),
    resize(ref, size) {
      const container = get(ref);
      life.resize(container.id, size);
      if (!container.config.streams.tty) return;
      const {width, height} = size;
      parts.emit(containerEvent(container, 'resize', {height: String(height), width: String(width)}));
    },
    execs,
    health,
    async close() {
      health.close();
      execs.close();
      await life.close();
    },
  };
}
