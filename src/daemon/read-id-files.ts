import {existsSync, readFileSync} from 'node:fs';
import type {IdFiles} from './userns-remap.ts';

/** Of this machine; one that is missing says nothing. */
export function readHostIdFiles(): IdFiles {
  const [passwd, group, subuid, subgid] = ['passwd', 'group', 'subuid', 'subgid'].map(name => {
    const path = `/etc/${name}`;
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }) as [string, string, string, string];
  return {passwd, group, subuid, subgid};
}
