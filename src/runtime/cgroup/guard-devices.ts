import {closeSync, openSync, writeFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {TnetError} from '../../errors.ts';
import {loadNative} from '../../kernel/native.ts';
import {type DeviceRule, formatDeviceRule} from '../../model/device-rule.ts';
import {compileDeviceProgram} from './device-program.ts';
import {defaultDeviceRules, mergeDeviceRules} from './device-rules.ts';
import type {CgroupHost} from './host.ts';
import {errorCode} from './tree.ts';

export interface DeviceAccess {
  /** Besides the default devices. */
  readonly granted: readonly DeviceRule[];
  /** Those of it that nothing but a cgroup can keep. */
  readonly required: readonly DeviceRule[];
}

/**
 * Lets the cgroup `path`, fresh and empty, use the default devices and the granted ones, and no other. By v1's `devices`
 * where that is mounted, as runc does on hybrid machines, else by a program on the unified hierarchy. Where the machine can
 * do neither, ERR_UNSUPPORTED if something is required; else the answer is that the mount attribute nodev has to do.
 */
export function guardDevices(host: CgroupHost, path: string, {granted, required}: DeviceAccess): 'cgroup' | 'nodev' {
  try {
    restrict(host, path, granted);
    return 'cgroup';
  } catch (cause) {
    if (required.length === 0) return 'nodev';
    throw new TnetError(
      'ERR_UNSUPPORTED',
      `Cannot apply device rule "${formatDeviceRule(required[0]!)}": ${(cause as Error).message}; leave out ` +
        '--device-cgroup-rule and the permissions of --device, or use a machine with writable cgroups and CAP_BPF',
      {cause},
    );
  }
}

function restrict(host: CgroupHost, path: string, granted: readonly DeviceRule[]): void {
  const v1 = host.controllers.get('devices');
  if (v1 !== undefined) restrictV1(join(v1, path), granted);
  else if (host.unified !== null) restrictV2(join(host.unified, path), granted);
  else throw new Error('there is no cgroup to keep it');
}

function restrictV2(dir: string, granted: readonly DeviceRule[]): void {
  loadNative().attachDeviceFilter(dir, compileDeviceProgram(mergeDeviceRules([...defaultDeviceRules, ...granted])));
}

/** A child grants no more than its parent (EPERM): of what nobody has asked for, it then has what its parent has. */
function restrictV1(dir: string, granted: readonly DeviceRule[]): void {
  writeFileSync(join(dir, 'devices.deny'), 'a', {flag: 'r+'});
  const allow = openSync(join(dir, 'devices.allow'), 'r+');
  try {
    for (const rule of defaultDeviceRules) allowIfParentDoes(allow, rule);
    for (const rule of granted) writeSync(allow, formatDeviceRule(rule));
  } finally {
    closeSync(allow);
  }
}

function allowIfParentDoes(allow: number, rule: DeviceRule): void {
  try {
    writeSync(allow, formatDeviceRule(rule));
  } catch (error) {
    if (errorCode(error) !== 'EPERM') throw error;
  }
}
