import type {Container} from '../model/container.ts';
import {guardDevices} from './cgroup/cgroup.ts';
import type {LaunchIsolation} from './launch/isolation.ts';
import type {BoundDevice} from './launch/run-spec.ts';
import type {StartParts} from './start.ts';

/**
 * Lets a container, whose cgroup is fresh, use the default devices, its own and what its rules name. ERR_UNSUPPORTED where
 * the machine cannot keep it to those and the user counts on it; a whole device needs no cgroup, it is there as a mount.
 */
export function limitDevices(
  {cgroups, cgroupPath}: Pick<StartParts, 'cgroups' | 'cgroupPath'>,
  {id, config}: Container,
  devices: readonly BoundDevice[],
): LaunchIsolation['deviceGuard'] {
  if (config.isolation.privileged) return 'nodev';
  const {deviceRules = []} = config.process; // none of a container that an older tnet has made
  const required = [...deviceRules, ...devices.filter(({access}) => access !== 'rwm')];
  return guardDevices(cgroups, cgroupPath(id), {granted: [...devices, ...deviceRules], required});
}
