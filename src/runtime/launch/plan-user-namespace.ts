import {dirname, join} from 'node:path';
import {type IdMaps, outsideId, rootOutside} from '../../model/id-map.ts';
import type {LaunchOp} from './plan-launch.ts';
import type {Rootfs, RunSpec} from './run-spec.ts';

/** Where the layers of a container's image are seen with its ids; made before its launch. */
export function mappedLayers({stateDir, rootfs}: Pick<RunSpec, 'stateDir' | 'rootfs'>): readonly string[] {
  return lowerOf(rootfs).map((_, index) => join(stateDir, 'lower', String(index)));
}

/**
 * The image, what the container writes and the files of its network are seen through id-mapped mounts: on the disk root's
 * files are root's, whatever the map, and another map tomorrow finds the same container. Mounts of the user are not mapped,
 * as with Docker. Before the overlay, which takes the mounts that are there then.
 */
export function mappingOps(spec: RunSpec): LaunchOp[] {
  const {stateDir, rootfs, netns, binds, isolation} = spec;
  if (isolation.userns === null) return [];
  const {uid, gid} = rootOutside(isolation.userns);
  const folders = new Set([stateDir, ...binds.map(({source}) => dirname(source))]);
  const layers = mappedLayers(spec);
  return [
    ['userns', netns ?? ''],
    ['makeas', String(uid), String(gid)],
    ...[...folders].map(folder => ['idmap', folder, folder] as const),
    ...lowerOf(rootfs).map((layer, index) => ['idmap', layer, layers[index]!] as const),
  ];
}

export function rootfsSeen(spec: RunSpec): Rootfs {
  const {rootfs, isolation} = spec;
  return isolation.userns === null || 'source' in rootfs ? rootfs : {...rootfs, lower: mappedLayers(spec)};
}

/** A directory that is the root itself is mapped when it is mounted. */
function lowerOf(rootfs: Rootfs): readonly string[] {
  return 'source' in rootfs ? [] : rootfs.lower;
}

/**
 * After everything that needs the machine's rights. The namespaces that root inside may change are made once more, to be
 * its own; a copy of mounts that crosses to less privilege has them locked together (mount_namespaces(7)), so that nothing
 * that hides something can be taken off.
 */
export function becomeRootOps({isolation: {userns, uts}}: RunSpec): LaunchOp[] {
  if (userns === null) return [];
  return [['root'], ['unshare', 'mnt'], ...(uts === 'host' ? [] : ([['unshare', 'uts']] as const))];
}

/** A file system that we mount takes ids of the machine: `gid=5` of devpts or a tmpfs; left out when there is no such id. */
export function mapOptions(options: string, userns: IdMaps | null): string {
  if (userns === null) return options;
  return options
    .split(',')
    .flatMap(option => mapOption(option, userns))
    .join(',');
}

function mapOption(option: string, {uids, gids}: IdMaps): readonly string[] {
  const [, name, digits] = /^(uid|gid)=(\d+)$/.exec(option) ?? [];
  if (name === undefined) return [option];
  const id = outsideId(name === 'uid' ? uids : gids, Number(digits));
  return id === null ? [] : [`${name}=${id}`];
}
