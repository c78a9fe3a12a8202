import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import type {Item, SysctlItem} from '../../kernel/item.ts';

type SysctlIn = Item & SysctlItem;

/**
 * Settings as a new namespace has them: what a file no longer says goes back to that. A link's own are those of `default`. What the
 * kernel does not know is left out.
 */
export async function sysctlDefaults(settings: readonly SysctlIn[]): Promise<readonly SysctlIn[]> {
  if (settings.length === 0) return [];
  const script = settings.map(({path}) => `cat /proc/sys/${freshPath(path)} 2>/dev/null || echo; echo ${mark}`);
  const {stdout} = await promisify(execFile)('unshare', ['--net', 'sh', '-c', script.join('\n')]);
  const values = stdout.split(`${mark}\n`).map(text => text.trim());
  return settings.flatMap((item, i) => (values[i] ? [{...item, value: plainBridge(item.path) ?? values[i]}] : []));
}

const mark = '--';

function freshPath(path: string): string {
  const device = /^(net\/ipv[46]\/(?:conf|neigh)\/)(?!all\/|default\/)[^/]+(\/.*)$/;
  return quoted(path.replace(device, '$1default$2'));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What labs are made with, whatever the kernel's own is. */
function plainBridge(path: string): string | null {
  return path.startsWith('net/bridge/bridge-nf-call-') ? '0' : null;
}
