import type {Isolation} from '../model/isolation.ts';
import {maskedPaths, readonlyPaths} from '../runtime/launch/default-paths.ts';

/** Its part of HostConfig, as `docker inspect` shows it. */
export function encodeIsolation(isolation: Isolation): Readonly<Record<string, unknown>> {
  const {pid, ipc, uts, privileged} = isolation;
  return {
    PidMode: pid.kind === 'private' ? '' : formatMode(pid),
    IpcMode: formatMode(ipc),
    UTSMode: uts === 'host' ? 'host' : '',
    UsernsMode: isolation.userns === 'host' ? 'host' : '',
    CgroupnsMode: isolation.cgroupns,
    Privileged: privileged,
    CapAdd: orNull(isolation.capAdd),
    CapDrop: orNull(isolation.capDrop),
    ReadonlyRootfs: isolation.readonlyRootfs,
    MaskedPaths: privileged ? null : (isolation.maskedPaths ?? maskedPaths),
    ReadonlyPaths: privileged ? null : (isolation.readonlyPaths ?? readonlyPaths),
  };
}

function formatMode(mode: Isolation['pid'] | Isolation['ipc']): string {
  return mode.kind === 'container' ? `container:${mode.container}` : mode.kind;
}

function orNull(names: readonly string[]): readonly string[] | null {
  return names.length === 0 ? null : names;
}
