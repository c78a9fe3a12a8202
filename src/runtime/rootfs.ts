import {realpath, stat} from 'node:fs/promises';
import {TnetError} from '../errors.ts';
import type {ContainerConfig} from '../model/container.ts';
import type {HostRootfs} from '../model/host-rootfs.ts';
import type {Image} from './images/image.ts';
import type {Rootfs} from './launch/run-spec.ts';
import type {ContainerPlaces, Roots} from './places.ts';

/** What a container's root file system is put together from. */
export function rootfsOf({rootfs}: ContainerConfig, image: Image, places: ContainerPlaces): Rootfs {
  const {upper, work, target} = places;
  if (rootfs?.writes === 'directory') return {source: rootfs.path, target};
  return {lower: image.lower, upper, work, target};
}

/** At create, without links: whoever changes one later changes no container. ERR_BAD_REQUEST. */
export async function resolveRootfs(asked: HostRootfs, roots: Roots): Promise<HostRootfs> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new TnetError('ERR_BAD_REQUEST', `invalid root directory "${asked.path}": ${why}`, {cause});
  };
  const path = await realpath(asked.path).catch(cause => refuse(reasons[cause.code] ?? cause.message, cause));
  if (!(await stat(path)).isDirectory()) refuse('it is not a directory');
  for (const ours of await Promise.all([roots.root, roots.runRoot].map(each => realpath(each)))) {
    if (isBelow(ours, path)) refuse(`tnet's own files are in it ("${ours}")`);
    if (isBelow(path, ours)) refuse(`it is in a directory of tnet's own ("${ours}")`);
  }
  return {...asked, path};
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such directory',
  ENOTDIR: 'it is not a directory',
};

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
