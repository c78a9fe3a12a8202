import {TnetError} from '../errors.ts';
import {type Container, hasProcess} from '../model/container.ts';
import type {Isolation, OfContainer} from '../model/isolation.ts';
import {findContainer} from './find-container.ts';
import {hostDevices, thermalPaths} from './host-isolation.ts';
import {isolated, type LaunchIsolation, type NamespaceSource} from './launch/isolation.ts';
import {containerPlaces} from './places.ts';
import type {Others} from './shared-sandbox.ts';

/**
 * What a launch needs to know of its container's isolation. Joined containers are named by the socket of their shim: it
 * alone holds a pidfd from their birth, while a recorded pid may be another process by now. ERR_CONFLICT and
 * ERR_BAD_REQUEST, in Docker's words, when they do not run or do not share.
 */
export function launchIsolation({config: {isolation}}: Container, others: Others): LaunchIsolation {
  const {pid, ipc, privileged} = isolation;
  return {
    ...isolated,
    pid: pid.kind === 'container' ? joinedShim(pid, 'PID', others) : pid.kind,
    ipc: ipcSource(ipc, others),
    uts: isolation.uts,
    cgroupns: isolation.cgroupns,
    sharedMemory: sharedMemory(ipc, others),
    maskedPaths: privileged ? [] : (isolation.maskedPaths ?? [...isolated.maskedPaths, ...thermalPaths()]),
    readonlyPaths: privileged ? [] : (isolation.readonlyPaths ?? isolated.readonlyPaths),
    readonlyRootfs: isolation.readonlyRootfs,
    privileged,
    nodes: privileged ? hostDevices() : [],
  };
}

function ipcSource(ipc: Isolation['ipc'], others: Others): NamespaceSource {
  if (ipc.kind === 'container') return joinedShim(ipc, 'IPC', others);
  return ipc.kind === 'host' ? 'host' : 'private';
}

/** `shareable` mounts its own when it starts, and gives its path then. */
function sharedMemory(ipc: Isolation['ipc'], others: Others): LaunchIsolation['sharedMemory'] {
  if (ipc.kind === 'none') return 'none';
  if (ipc.kind === 'host') return {path: '/dev/shm'};
  if (ipc.kind !== 'container') return 'private';
  const donor = findContainer(others.containers, ipc.container);
  const {kind} = donor.config.isolation.ipc;
  if (kind === 'host') return {path: '/dev/shm'};
  if (kind !== 'shareable')
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `failed to join IPC namespace: container ${ipc.container}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
    );
  return {path: containerPlaces(others.roots, donor.id).sharedMemory};
}

function joinedShim({container}: OfContainer, kind: 'PID' | 'IPC', {containers, roots}: Others): NamespaceSource {
  const donor = findContainer(containers, container);
  if (!hasProcess(donor.state))
    throw new TnetError('ERR_CONFLICT', `failed to join ${kind} namespace: container ${container} is not running`);
  return {shim: containerPlaces(roots, donor.id).socket};
}
