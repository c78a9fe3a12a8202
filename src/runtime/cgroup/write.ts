import {TnetError} from '../../errors.ts';
import type {CgroupHost} from './host.ts';

/** One line written into one file of the container's cgroup. */
export interface CgroupWrite {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** The option that asked for it, for errors. */
  readonly option: string;
  /** `default`: Docker adds it unasked, so a kernel without the file is no error. */
  readonly origin: 'asked' | 'default';
  /** Where this kernel has not the first file. */
  readonly instead?: CgroupWrite;
}

export function isV2(host: CgroupHost, controller: string): boolean {
  return host.unified !== null && host.controllers.get(controller) === host.unified;
}

export function writer(host: CgroupHost, controller: string, option: string, origin: CgroupWrite['origin'] = 'asked') {
  return (file: string, value: number | string): CgroupWrite => {
    if (!host.controllers.has(controller)) throw missingController(host, controller, option);
    return {controller, file, value: String(value), option, origin};
  };
}

/** For what cgroup v2 dropped: Docker warns and goes on there, we refuse. */
export function onlyOnV1(host: CgroupHost, controller: string) {
  return (option: string, file: string, value: number): CgroupWrite => {
    if (isV2(host, controller))
      throw new TnetError(
        'ERR_UNSUPPORTED',
        `Cannot apply "${option}": cgroup v2 has no "${file}" and nothing like it; leave the option out`,
      );
    return writer(host, controller, option)(file, value);
  };
}

function missingController(host: CgroupHost, controller: string, option: string): TnetError {
  const remedy =
    host.mode === 'v1' || host.mode === 'hybrid'
      ? `mount it ("mount -t cgroup -o ${v1Name(controller)} ${v1Name(controller)} /sys/fs/cgroup/${v1Name(controller)}")`
      : 'make cgroups writable here, delegate the controller to this container or unit, or boot with ' +
        `"cgroup_enable=${controller}"`;
  return new TnetError(
    'ERR_UNSUPPORTED',
    `Cannot apply "${option}": this machine offers no "${controller}" cgroup controller (cgroups: ${host.mode}); ` +
      `${remedy}, or leave the option out`,
  );
}

function v1Name(controller: string): string {
  return controller === 'io' ? 'blkio' : controller;
}
