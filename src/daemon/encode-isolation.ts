import type {Isolation} from '../model/isolation.ts';
import {formatIdRange, formatUserns, type Userns} from '../model/userns.ts';
import {maskedPaths, readonlyPaths} from '../runtime/launch/default-paths.ts';

/** Its part of HostConfig, as `docker inspect` shows it. */
export function encodeIsolation(isolation: Isolation): Readonly<Record<string, unknown>> {
  const {pid, ipc, uts, privileged} = isolation;
  return {
    PidMode: pid.kind === 'private' ? '' : formatMode(pid),
    IpcMode: formatMode(ipc),
    UTSMode: uts === 'host' ? 'host' : '',
    UsernsMode: formatUserns(isolation.userns),
    ...encodeMaps(isolation.userns),
    CgroupnsMode: isolation.cgroupns,
    Privileged: privileged,
    CapAdd: orNull(isolation.capAdd),
    CapDrop: orNull(isolation.capDrop),
    ReadonlyRootfs: isolation.readonlyRootfs,
    MaskedPaths: privileged ? null : (isolation.maskedPaths ?? maskedPaths),
    ReadonlyPaths: privileged ? null : (isolation.readonlyPaths ?? readonlyPaths),
  };
}

/** Also those that `auto` has chosen. */
function encodeMaps(userns: Userns): Readonly<Record<string, readonly string[]>> {
  if (typeof userns === 'string' || userns.maps === null) return {};
  return {UIDMap: userns.maps.uids.map(formatIdRange), GIDMap: userns.maps.gids.map(formatIdRange)};
}

function formatMode(mode: Isolation['pid'] | Isolation['ipc']): string {
  return mode.kind === 'container' ? `container:${mode.container}` : mode.kind;
}

function orNull(names: readonly string[]): readonly string[] | null {
  return names.length === 0 ? null : names;
}
