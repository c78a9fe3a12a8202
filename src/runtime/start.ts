import {mkdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import {TnetError} from '../errors.ts';
import type {Attachment} from '../model/attachment.ts';
import type {Container, ContainerConfig} from '../model/container.ts';
import type {Emit} from '../model/event.ts';
import type {IdMaps} from '../model/id-map.ts';
import {parseLogRotation} from '../model/log-config.ts';
import {subnetOf} from '../model/network.ts';
import type {Controller} from '../network/controller.ts';
import type {DnsServers} from '../network/dns/server.ts';
import {planUpstreams} from '../network/dns/upstream.ts';
import type {Store} from '../store/store.ts';
import {type CgroupHost, createCgroup, joinCgroup, killCgroup, removeCgroup} from './cgroup/cgroup.ts';
import {nameserversOf, ndotsOf} from './files.ts';
import {readBoundingSet} from './host-isolation.ts';
import type {Image} from './images/image.ts';
import {joinNetworks} from './join-networks.ts';
import {sandboxOwner} from './joiners.ts';
import {grantCapabilities} from './launch/capabilities.ts';
import type {LaunchIsolation} from './launch/isolation.ts';
import {launch} from './launch/launch.ts';
import {planLaunch} from './launch/plan-launch.ts';
import type {PlacedMount} from './launch/plan-mounts.ts';
import {mappedLayers} from './launch/plan-user-namespace.ts';
import type {LaunchSettings, RunSpec} from './launch/run-spec.ts';
import {limitDevices} from './limit-devices.ts';
import {type FilesView, isServedByUs, resolvConfText, writeNetworkFiles} from './network-files.ts';
import {type ContainerPlaces, containerPlaces, type Roots} from './places.ts';
import {launchConfinement, launchSettings} from './process-spec.ts';
import {rootfsOf} from './rootfs.ts';
import {mountSharedMemory, unmountSharedMemory} from './shared-memory.ts';
import type {Undo} from './undo.ts';
import type {Remap} from './user-namespace.ts';
import {placeMounts} from './volumes/place-mounts.ts';

export interface StartParts extends Remap {
  readonly store: Store;
  readonly roots: Roots;
  readonly controller: Controller;
  readonly cgroups: CgroupHost;
  /** `tnet/<instance>/<container id>`. */
  readonly cgroupPath: (id: string) => string;
  readonly hostResolvConf: () => Promise<string>;
  readonly dns: DnsServers;
  readonly emit: Emit;
}

export interface Start {
  readonly container: Container;
  readonly image: Image;
  /** Sandbox of the container named by `--network container:`. */
  readonly sharedSandbox: string | null;
  readonly isolation: LaunchIsolation;
  readonly userns: IdMaps | null;
  /** Others live in its sandbox already: it is entered again as it is. */
  readonly joined: boolean;
  /** The shim listens, the container's first instruction has not run. */
  readonly onReady: (pid: number) => Promise<void>;
}

/** Places one container: sandbox, attachment, files, cgroup, shim. Every step that succeeded is on `undo`. Returns its pid. */
export async function startContainer(parts: StartParts, start: Start, undo: Undo): Promise<number> {
  const {container, image} = start;
  const places = containerPlaces(parts.roots, container.id);
  await mkdir(dirname(places.netns), {recursive: true});
  const {netns, attachments} = await joinNetworks(parts, start, undo);
  const view = await filesView(parts, container, attachments);
  // Who joins a sandbox has its names too: the host name and the files of its owner, as with Docker.
  const owner = ownerOf(parts, container);
  await makeFolders(places);
  if (owner === container) await writeNetworkFiles(places, view);
  if (!start.joined) undo.add(async () => parts.dns.close(places.netns));
  if (netns !== null) await serveNames(parts, netns, view);
  const mounts = await placeMounts(parts, container, undo);
  const settings = await launchSettings(container.config);
  const {unifiedDir} = makeCgroup(parts, container, undo);
  const deviceGuard = limitDevices(parts, container, settings.devices);
  const isolation = {...shareMemory(parts, start, undo), userns: start.userns, deviceGuard};
  const spec = runSpec({
    container,
    owner,
    image,
    places,
    files: containerPlaces(parts.roots, owner.id),
    netns,
    mounts,
    isolation,
    cgroupDir: unifiedDir,
    settings,
  });
  if (start.userns !== null) for (const layer of mappedLayers(spec)) await mkdir(layer, {recursive: true});
  const {pid} = await launch(planLaunch(spec), {
    beforeGo: async child => {
      joinCgroup(parts.cgroups, parts.cgroupPath(container.id), child);
      await start.onReady(child);
    },
  });
  return pid;
}

/** The /dev/shm of one that others may join is mounted by us. */
function shareMemory({roots}: StartParts, {container: {id, config}, isolation}: Start, undo: Undo): LaunchIsolation {
  if (config.isolation.ipc.kind !== 'shareable') return isolation;
  undo.add(() => unmountSharedMemory(containerPlaces(roots, id).sharedMemory));
  return {...isolation, sharedMemory: {path: mountSharedMemory(roots, id, config.process.shmSizeBytes)}};
}

export async function filesView(
  {controller, hostResolvConf}: Pick<StartParts, 'controller' | 'hostResolvConf'>,
  container: Container,
  attachments: readonly Attachment[],
): Promise<FilesView> {
  return {
    container,
    attachments,
    network: controller.get,
    hostResolvConf: await hostResolvConf(),
    hostAddress: subnetOf(controller.get('bridge'), 4)?.gateway ?? null,
  };
}

/** Of the sandbox it is in. */
export function ownerOf({store}: StartParts, container: Container): Container {
  const {containers} = store.state;
  return containers.get(sandboxOwner(containers, container)) ?? container;
}

async function makeFolders(places: ContainerPlaces): Promise<void> {
  for (const dir of [places.upper, places.work, places.target, dirname(places.socket)])
    await mkdir(dir, {recursive: true, mode: 0o755});
}

/** Names of a user network are answered inside the sandbox; `undo` closes what holds its namespace. */
export async function serveNames({dns}: Pick<StartParts, 'dns'>, netns: string, view: FilesView): Promise<void> {
  if (!isServedByUs(view)) return;
  const {servers} = view.container.config.dns;
  await dns.open(netns, {
    upstreams: planUpstreams({given: servers, host: nameserversOf(view.hostResolvConf)}),
    ndots: ndotsOf(resolvConfText(view)),
  });
}

function makeCgroup(
  {cgroups, cgroupPath}: StartParts,
  {id, config}: Container,
  undo: Undo,
): {unifiedDir: string | null} {
  const path = cgroupPath(id);
  const made = createCgroup(cgroups, path, config.limits);
  undo.add(async () => {
    await killCgroup(cgroups, path);
    await removeCgroup(cgroups, path);
  });
  return made;
}

export interface RunParts {
  readonly container: Container;
  readonly image: Image;
  readonly places: ContainerPlaces;
  /** Of the sandbox. */
  readonly owner: Container;
  /** The owner's: those of the network. */
  readonly files: ContainerPlaces;
  readonly netns: string | null;
  readonly mounts: readonly PlacedMount[];
  readonly isolation: LaunchIsolation;
  readonly cgroupDir: string | null;
  readonly settings: LaunchSettings;
}

/** Everything of a container's processes; what an exec changes of it is its own. */
export function runSpec(parts: RunParts): RunSpec {
  const {owner, image, places, files, netns, mounts, isolation, cgroupDir, settings} = parts;
  const {id, config} = parts.container;
  const args = config.args.length > 0 ? config.args : image.cmd;
  if (args.length === 0) throw new TnetError('ERR_BAD_REQUEST', 'no command specified');
  const capabilities = grantCapabilities(config.isolation, readBoundingSet());
  return {
    id,
    stateDir: places.stateDir,
    socketPath: places.socket,
    rootfs: rootfsOf(config, image, places),
    netns,
    cgroupDir,
    args,
    env: completeEnv(config, image.env, owner.config.hostname),
    cwd: config.cwd || '/',
    hostname: owner.config.hostname,
    binds: [
      {source: files.hosts, target: '/etc/hosts', readonly: false},
      {source: files.hostname, target: '/etc/hostname', readonly: false},
      {source: files.resolvConf, target: '/etc/resolv.conf', readonly: false},
    ],
    mounts,
    masks: image.masks,
    capabilities,
    settings,
    confinement: launchConfinement(config, capabilities),
    isolation,
    openStdin: config.openStdin,
    silent: false,
    tty: config.streams.tty ? config.streams.consoleSize : null,
    log: config.log.driver === 'none' ? null : {rotation: parseLogRotation(config.log)},
  };
}

/** Docker's order: PATH and HOSTNAME, the image's, the user's; a later one of the same name wins. HOME is by passwd, inside. */
function completeEnv({env, streams}: ContainerConfig, image: readonly string[], hostname: string): readonly string[] {
  const terminal = streams.tty ? ['TERM=xterm'] : [];
  const values = new Map(
    [`HOSTNAME=${hostname}`, ...terminal, ...image, ...env].map(entry => [entry.split('=', 1)[0], entry]),
  );
  return [...values.values()];
}
