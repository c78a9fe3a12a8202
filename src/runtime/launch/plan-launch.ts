import {deviceOps, isNodev} from './plan-devices.ts';
import {cloneOps} from './plan-isolation.ts';
import {mappedSourceOps, mountOps, sourceOps} from './plan-mounts.ts';
import {initTarget, placingOps, processOps} from './plan-process.ts';
import {becomeRootOps, mappingOps, rootfsSeen} from './plan-user-namespace.ts';
import type {ExecSpec, Rootfs, RunSpec} from './run-spec.ts';

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

/** How long the children of an exec that has ended may still be heard; as moby, daemon/monitor.go. */
const execDrainMs = 2000;

/** A process more in a container that runs: the same steps, but that it enters what the container's first one has made. */
export function planExec({run, containerSocket, socketPath, exitRecord}: ExecSpec): LaunchOp[] {
  return [
    ['socket', socketPath],
    ['record', exitRecord],
    ['drain', String(execDrainMs)],
    ...streamOps(run),
    ...cgroupOps(run),
    ['join', containerSocket, 'pid'],
    ['clone'],
    ['makeasroot'],
    ['enter', 'mnt', 'uts', 'ipc', 'net', 'cgroup'],
    ...processOps(run, [['directory', run.cwd], ['enteruser']]),
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

function streamOps({openStdin, silent, tty}: RunSpec): LaunchOp[] {
  return [
    ...(openStdin ? ([['stdin']] as const) : []),
    ...(silent ? ([['silent']] as const) : []),
    ...(tty === null ? [] : ([['terminal']] as const)),
  ];
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
    ...mappedSourceOps(mounts),
  ];
}

/**
 * What the image hides, before mounts: a volume must not be filled with it. Masks of the kernel's files after binds, so that
 * no bind can uncover what a mask hides. sysfs shows the netns of who mounts it: after setns.
 */
function rootfsOps(spec: RunSpec): LaunchOp[] {
  const {cgroupDir, binds, mounts, masks, isolation, settings} = spec;
  const {privileged} = isolation;
  const kernelFiles = privileged ? 'nosuid,nodev,noexec' : 'ro,nosuid,nodev,noexec';
  return [
    rootOp(rootfsSeen(spec), {
      attributes: isRootNodev(spec) ? 'nodev' : '',
      ids: isolation.userns === null ? 'plain' : 'mapped',
    }),
    ['mount', 'proc', '/proc', 'nosuid,nodev,noexec', ''],
    ['mount', 'sysfs', '/sys', kernelFiles, ''],
    ...(cgroupDir === null ? [] : ([['mount', 'cgroup2', '/sys/fs/cgroup', kernelFiles, '']] as const)),
    ...deviceOps(isolation, settings),
    ['mount', 'tmpfs', '/run', 'nosuid,nodev', 'mode=755'],
    ...masks.map(path => ['hide', path] as const),
    ...mountOps(mounts, binds, isolation.userns),
    ...(settings.initPath === null ? [] : ([['bind', settings.initPath, initTarget, 'ro,nosuid,nodev']] as const)),
    ...isolation.maskedPaths.map(path => ['mask', path] as const),
    ...isolation.readonlyPaths.map(path => ['readonly', path] as const),
    ['pivot'],
  ];
}

/** A directory of the machine is as a volume: what nodes it holds is somebody else's matter. */
function isRootNodev({rootfs, isolation}: RunSpec): boolean {
  return isNodev(isolation) || (!isolation.privileged && 'source' in rootfs);
}

export interface RootMount {
  readonly attributes: string;
  /** Of a directory's files; the layers of an overlay are mapped one by one. */
  readonly ids: 'plain' | 'mapped';
}

export function rootOp(rootfs: Rootfs, {attributes, ids}: RootMount): LaunchOp {
  if ('source' in rootfs) return ['rootdir', rootfs.target, attributes, rootfs.source, ids];
  const {target, upper, work, lower} = rootfs;
  return ['overlay', target, attributes, 'index=off,metacopy=off', upper, work, ...lower];
}
