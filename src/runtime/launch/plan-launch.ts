import type {IdMaps} from '../../model/id-map.ts';
import {capabilityMask} from './capabilities.ts';
import {cloneOps, nodeOps, sharedMemoryOps} from './plan-isolation.ts';
import {mountOps, sourceOps} from './plan-mounts.ts';
import {becomeRootOps, mapOptions, mappingOps, rootfsSeen} from './plan-user-namespace.ts';
import type {ExecSpec, OverlayRootfs, RunSpec} from './run-spec.ts';

/** One step of the shim, a system call or a well-defined handful: its name and its arguments (addon/shim/ops.cc). */
export type LaunchOp = readonly [name: string, ...args: string[]];

/** Everything the shim does for `spec`, in order. Up to `clone` the shim itself acts, from there on the container's first process. */
export function planLaunch(spec: RunSpec): LaunchOp[] {
  return [
    ...shimOps(spec),
    ...namespaceOps(spec),
    ...rootfsOps(spec),
    ...(spec.isolation.uts === 'host' ? [] : ([['hostname', spec.hostname]] as const)),
    ...processOps(spec, [...placingOps(spec), ...becomeRootOps(spec)]),
  ];
}

/** A process more in a container that runs: the same steps, but that it enters what the container's first one has made. */
export function planExec({run, containerSocket, socketPath, exitRecord}: ExecSpec): LaunchOp[] {
  return [
    ['socket', socketPath],
    ['record', exitRecord],
    ...streamOps(run),
    ...cgroupOps(run),
    ['join', containerSocket, 'pid'],
    ['clone'],
    ['enter', 'mnt', 'uts', 'ipc', 'net', 'cgroup'],
    ['enteruser'],
    ...processOps(run, [['directory', run.cwd]]),
  ];
}

function shimOps(spec: RunSpec): LaunchOp[] {
  return [
    ['socket', spec.socketPath],
    ...logOps(spec),
    ['record', `${spec.stateDir}/exit.json`],
    ...streamOps(spec),
    ...cgroupOps(spec),
    ...cloneOps(spec.isolation, spec.cgroupDir),
  ];
}

function logOps({log, stateDir}: RunSpec): LaunchOp[] {
  if (log === null) return [];
  const {maxBytes, maxFiles} = log.rotation ?? {maxBytes: 0, maxFiles: 1};
  return [['log', `${stateDir}/container.log`, String(maxBytes), String(maxFiles)]];
}

function streamOps({openStdin, tty}: RunSpec): LaunchOp[] {
  return [...(openStdin ? ([['stdin']] as const) : []), ...(tty === null ? [] : ([['terminal']] as const))];
}

function cgroupOps({cgroupDir}: RunSpec): LaunchOp[] {
  return cgroupDir === null ? [] : [['cgroup', cgroupDir]];
}

/** The cgroup namespace comes after the gate: its root is the cgroup its maker is in, and the daemon joins v1's before. */
function namespaceOps(spec: RunSpec): LaunchOp[] {
  const {netns, mounts, isolation} = spec;
  return [
    ...(netns === null ? [] : ([['setns', 'net', netns]] as const)),
    ...(isolation.cgroupns === 'host' ? [] : ([['unshare', 'cgroup']] as const)),
    ...sourceOps(mounts),
    ['slave', '/'],
    ...mappingOps(spec),
  ];
}

/**
 * What the image hides, before mounts: a volume must not be filled with it. Masks of the kernel's files after binds, so that
 * no bind can uncover what a mask hides. sysfs shows the netns of who mounts it: after setns.
 */
function rootfsOps(spec: RunSpec): LaunchOp[] {
  const {cgroupDir, binds, mounts, masks, isolation} = spec;
  const {privileged} = isolation;
  const kernelFiles = privileged ? 'nosuid,nodev,noexec' : 'ro,nosuid,nodev,noexec';
  return [
    overlayOp(rootfsSeen(spec), privileged ? '' : 'nodev'),
    ['mount', 'proc', '/proc', 'nosuid,nodev,noexec', ''],
    ['mount', 'sysfs', '/sys', kernelFiles, ''],
    ...(cgroupDir === null ? [] : ([['mount', 'cgroup2', '/sys/fs/cgroup', kernelFiles, '']] as const)),
    ['mount', 'tmpfs', '/dev', privileged ? 'nosuid' : 'nosuid,nodev', 'mode=755,size=64k'],
    ...deviceOps,
    devptsOp(isolation.userns),
    ...nodeOps(isolation.nodes),
    ...sharedMemoryOps(isolation),
    ['mount', 'tmpfs', '/run', 'nosuid,nodev', 'mode=755'],
    ...masks.map(path => ['hide', path] as const),
    ...mountOps(mounts, binds, isolation.userns),
    ...isolation.maskedPaths.map(path => ['mask', path] as const),
    ...isolation.readonlyPaths.map(path => ['readonly', path] as const),
    ['pivot'],
  ];
}

/** nodev: what the container makes with CAP_MKNOD cannot be opened, without any devices cgroup. */
function overlayOp({target, upper, work, lower}: OverlayRootfs, attributes: string): LaunchOp {
  return ['overlay', target, attributes, 'index=off,metacopy=off', upper, work, ...lower];
}

/** Even /dev is nodev: the six nodes are binds of the host's, each a mount of its own. */
const deviceOps: readonly LaunchOp[] = [
  ['device', '/dev/null', '1', '3'],
  ['device', '/dev/zero', '1', '5'],
  ['device', '/dev/full', '1', '7'],
  ['device', '/dev/random', '1', '8'],
  ['device', '/dev/urandom', '1', '9'],
  ['device', '/dev/tty', '5', '0'],
  ['symlink', '/proc/self/fd', '/dev/fd'],
  ['symlink', '/proc/self/fd/0', '/dev/stdin'],
  ['symlink', '/proc/self/fd/1', '/dev/stdout'],
  ['symlink', '/proc/self/fd/2', '/dev/stderr'],
  ['symlink', 'pts/ptmx', '/dev/ptmx'],
  ['symlink', '/proc/kcore', '/dev/core'],
  ['mount', 'mqueue', '/dev/mqueue', 'nosuid,nodev,noexec', ''],
];

/** Terminals belong to the group tty, whose number is 5 everywhere. */
function devptsOp(userns: IdMaps | null): LaunchOp {
  const options = mapOptions('newinstance,ptmxmode=0666,mode=0620,gid=5', userns);
  return ['mount', 'devpts', '/dev/pts', 'nosuid,noexec', options];
}

/** How a container's first process gets its place, after it has its streams. */
function placingOps({tty, cwd, isolation}: RunSpec): LaunchOp[] {
  return [
    ...(tty === null ? [] : ([['console']] as const)),
    ['cwd', cwd],
    ...(isolation.readonlyRootfs ? ([['seal']] as const) : []),
  ];
}

/** Of a container's first process and of every other; between them `placing`. Capabilities last but one: everything before needs them. */
function processOps({openStdin, tty, capabilities, env, args}: RunSpec, placing: readonly LaunchOp[]): LaunchOp[] {
  return [
    ['keyring'],
    ['umask', '022'],
    ...(tty === null ? [] : ([['tty', String(tty.width), String(tty.height)]] as const)),
    ...(tty !== null || openStdin ? [] : ([['null']] as const)),
    ...placing,
    ['cloexec'],
    ['capabilities', capabilityMask(capabilities)],
    ['nnp'],
    ['env', ...env],
    ['exec', ...args],
  ];
}
