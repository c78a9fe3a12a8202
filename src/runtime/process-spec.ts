import {readFileSync} from 'node:fs';
import {release} from 'node:os';
import {shimPath} from '../kernel/native.ts';
import type {ContainerConfig} from '../model/container.ts';
import {resolveDevices} from './devices.ts';
import {readBoundingSet} from './host-isolation.ts';
import type {LaunchConfinement, LaunchSettings} from './launch/run-spec.ts';
import {seccompFilter} from './launch/seccomp/filter.ts';
import {sysctlsOf} from './sysctls.ts';
import {ulimitNumber} from './ulimits.ts';

/** The settings of a container as the launcher takes them. Looks at the devices it names: ERR_LAUNCH when one is not there. */
export async function launchSettings(config: ContainerConfig): Promise<LaunchSettings> {
  const {init, devices} = config.process;
  return {
    ...execSettings(config),
    sysctls: sysctlsOf(config),
    devices: await resolveDevices(devices),
    // Bound read-only, so that nobody inside can write to it through /proc/1/exe (CVE-2019-5736).
    initPath: init ? shimPath() : null,
  };
}

/** Those of a further process: what belongs to the container is made. `user` '' is the container's. */
export function execSettings({process}: ContainerConfig, user = ''): LaunchSettings {
  const {groups, ulimits, shmSizeBytes, oomScoreAdj} = process;
  return {
    user: user || process.user,
    groups,
    sysctls: [],
    rlimits: ulimits.map(({name, soft, hard}) => ({resource: ulimitNumber(name), soft, hard})),
    oomScoreAdj: launchOomScore(oomScoreAdj, {own: ownOomScore(), mayLower: mayLowerOomScore()}),
    shmSizeBytes,
    devices: [],
    initPath: null,
  };
}

/**
 * Null: as the daemon's own. Docker's client always says 0; where the daemon was given more and may not lower it
 * (proc(5), CAP_SYS_RESOURCE), that is no reason to refuse every container.
 */
export function launchOomScore(
  asked: number | null,
  {own, mayLower}: {readonly own: number; readonly mayLower: boolean},
): number | null {
  if (asked === own || (asked === 0 && own > 0 && !mayLower)) return null;
  return asked;
}

/** CAP_SYS_RESOURCE is 24. */
function mayLowerOomScore(): boolean {
  return ((readBoundingSet() >> 24n) & 1n) === 1n;
}

function ownOomScore(): number {
  return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
}

/** For a process with `capabilities`, on this machine. A privileged one is unconfined unless it was given a profile. */
export function launchConfinement(
  {confinement: {noNewPrivileges, seccomp}, isolation}: ContainerConfig,
  capabilities: readonly string[],
): LaunchConfinement {
  const open = seccomp.kind === 'unconfined' || (seccomp.kind === 'default' && isolation.privileged);
  if (open) return {noNewPrivileges, seccomp: null};
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const target = {machine: process.arch, kernel: [major, minor], capabilities} as const;
  return {noNewPrivileges, seccomp: seccompFilter(seccomp.kind === 'profile' ? seccomp.text : null, target)};
}
