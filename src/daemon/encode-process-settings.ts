import type {Confinement} from '../model/confinement.ts';
import {formatDeviceRule} from '../model/device-rule.ts';
import type {ProcessSettings} from '../model/process-settings.ts';

/** Their part of HostConfig. Docker has null where nothing was asked for. */
export function encodeProcessSettings(settings: ProcessSettings): Readonly<Record<string, unknown>> {
  const {groups, init, ulimits, sysctls, shmSizeBytes, oomScoreAdj, devices, deviceRules = []} = settings;
  return {
    GroupAdd: groups.length > 0 ? groups : null,
    ...(init ? {Init: true} : {}),
    Ulimits: ulimits.map(({name, soft, hard}) => ({Name: name, Soft: soft, Hard: hard})),
    ...(Object.keys(sysctls).length > 0 ? {Sysctls: sysctls} : {}),
    ShmSize: shmSizeBytes,
    OomScoreAdj: oomScoreAdj ?? 0,
    Devices: devices.map(({source, target, permissions}) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules: deviceRules.length > 0 ? deviceRules.map(formatDeviceRule) : null,
  };
}

/** `SecurityOpt`. */
export function encodeConfinement({noNewPrivileges, seccomp}: Confinement): readonly string[] | null {
  const options = [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(seccomp.kind === 'unconfined' ? ['seccomp=unconfined'] : []),
    ...(seccomp.kind === 'profile' ? [`seccomp=${seccomp.text}`] : []),
  ];
  return options.length > 0 ? options : null;
}
