import type {Op} from '../kernel/item.ts';
import type {State, SysctlChange} from '../model/state.ts';

/** Paths of the settings that go with a device. */
export function settingsOf(device: string, {sysctls}: State): readonly string[] {
  return [...sysctls.keys()].filter(path => deviceOf(path) === device);
}

/** `net/ipv6/conf/eth0/forwarding` is of `eth0`. */
export function deviceOf(path: string): string {
  return path.split('/')[3] ?? '';
}

/** What makes it again what it was. */
export function settingBack({path, value, was}: SysctlChange): Op {
  const item = {ns: '', kind: 'sysctl', path} as const;
  return {do: 'set', was: {...item, value}, item: {...item, value: was}};
}
