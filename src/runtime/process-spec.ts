import {release} from 'node:os';
import {shimPath} from '../kernel/native.ts';
import type {ContainerConfig} from '../model/container.ts';
import {resolveDevices} from './devices.ts';
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
    oomScoreAdj: oomScoreAdj === 0 ? null : oomScoreAdj,
    shmSizeBytes,
    devices: [],
    initPath: null,
  };
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
