import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import type {Scenario} from './scenario/parse-scenario.ts';
import {sysctlPath} from './topology/parse-topology.ts';

const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** What an exercise requires and this machine does not have: programs, settings of kernels that have some feature, types of links (`link vxlan id 1`). */
export function unmet({requires: {tools = [], kernel = []}}: Pick<Scenario, 'requires'>): readonly string[] {
  const missingTools = tools.filter(tool => !folders.some(folder => existsSync(join(folder, tool))));
  const missingFeatures = kernel.filter(name =>
    name.startsWith('link ') ? !knowsLink(name.slice(5)) : !existsSync(`/proc/sys/${sysctlPath(name)}`),
  );
  return [...missingTools, ...missingFeatures];
}

/** `type` in the words of `ip link add … type`. Tried in a network namespace that vanishes. */
function knowsLink(type: string): boolean {
  const {stderr} = spawnSync('unshare', ['--net', 'ip', 'link', 'add', 'probe0', 'type', ...type.split(' ')], {
    encoding: 'utf8',
  });
  // Whatever else may be wrong (a macvlan wants a parent), the kernel knows what it is about.
  return !/Unknown device type|not supported/.test(stderr);
}
