import * as v from 'valibot';
import {type DeviceRule, parseDeviceRule, sortAccess} from '../model/device-rule.ts';
import {type DeviceMapping, defaultShmSizeBytes, type ProcessSettings, type Ulimit} from '../model/process-settings.ts';
import {badRequest} from './failure.ts';
import {integer, labels, orNull, text, texts} from './validate.ts';

/** Of HostConfig. `User` stands in Config. */
export const processFields = {
  GroupAdd: orNull(texts),
  Init: orNull(v.boolean()),
  Ulimits: orNull(v.array(v.object({Name: text, Soft: orNull(integer), Hard: orNull(integer)}))),
  Sysctls: orNull(labels),
  ShmSize: orNull(integer),
  OomScoreAdj: orNull(integer),
  Devices: orNull(
    v.array(v.object({PathOnHost: text, PathInContainer: orNull(text), CgroupPermissions: orNull(text)})),
  ),
  DeviceCgroupRules: orNull(texts),
};

const schema = v.object(processFields);
type ProcessFields = v.InferOutput<typeof schema>;

/** Throws ERR_BAD_REQUEST in Docker's words. */
export function decodeProcessSettings(host: ProcessFields, user: string): ProcessSettings {
  return {
    user,
    groups: host.GroupAdd ?? [],
    init: host.Init ?? false,
    ulimits: (host.Ulimits ?? []).map(({Name, Soft, Hard}) =>
      checkUlimit({name: Name, soft: Soft ?? 0, hard: Hard ?? 0}),
    ),
    sysctls: host.Sysctls ?? {},
    shmSizeBytes: decodeShmSize(host.ShmSize ?? 0),
    oomScoreAdj: checkOomScore(host.OomScoreAdj ?? null),
    devices: (host.Devices ?? []).map(device =>
      checkDevice({
        source: device.PathOnHost,
        target: device.PathInContainer || device.PathOnHost,
        permissions: device.CgroupPermissions || 'rwm',
      }),
    ),
    deviceRules: (host.DeviceCgroupRules ?? []).flatMap(decodeRule),
  };
}

/** -1 is no limit, and more than any number. */
function checkUlimit(limit: Ulimit): Ulimit {
  const {name, soft, hard} = limit;
  const most = (value: number): number => (value < 0 ? Number.POSITIVE_INFINITY : value);
  if (soft < -1 || hard < -1) throw badRequest(`invalid ulimit ${name}=${soft}:${hard}`);
  if (most(soft) <= most(hard)) return limit;
  throw badRequest(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
}

function decodeShmSize(bytes: number): number {
  if (bytes < 0) throw badRequest('SHM size can not be less than 0');
  return bytes || defaultShmSizeBytes;
}

function checkOomScore(score: number | null): number | null {
  if (score === null || Math.abs(score) <= 1000) return score;
  throw badRequest(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`);
}

function checkDevice(device: DeviceMapping): DeviceMapping {
  const {source, target, permissions} = device;
  if (!/^[rwm]{1,3}$/.test(permissions)) throw badRequest(`invalid device mode: ${permissions}`);
  for (const path of [source, target]) if (!path.startsWith('/')) throw badRequest(`${path} is not an absolute path`);
  return {...device, permissions: sortAccess(permissions)};
}

function decodeRule(rule: string): readonly DeviceRule[] {
  const rules = parseDeviceRule(rule);
  if (rules === null) throw badRequest(`invalid device cgroup rule format: '${rule}'`);
  return rules;
}
