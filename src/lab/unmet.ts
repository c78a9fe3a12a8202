import {existsSync} from 'node:fs';
import {join} from 'node:path';
import type {Scenario} from './scenario/parse-scenario.ts';
import {sysctlPath} from './topology/parse-topology.ts';

const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** What an exercise requires and this machine does not have: programs, and settings of kernels that have some feature. */
export function unmet({requires: {tools = [], kernel = []}}: Pick<Scenario, 'requires'>): readonly string[] {
  const missingTools = tools.filter(tool => !folders.some(folder => existsSync(join(folder, tool))));
  const missingSettings = kernel.filter(name => !existsSync(`/proc/sys/${sysctlPath(name)}`));
  return [...missingTools, ...missingSettings];
}
