import type {Container} from '../../model/container.ts';
import {cleanPath, type Mount, type Storage, type VolumeMount, type VolumesFrom} from '../../model/mount.ts';
import {anonymousLabel, type Volume} from '../../model/volume.ts';
import type {Image} from '../images/image.ts';
import {checkOptions} from './local-options.ts';

export interface ClaimParts {
  readonly volumes: ReadonlyMap<string, Volume>;
  /** Of `--volumes-from`; throws when there is none. */
  readonly container: (ref: string) => Container;
  /** `VOLUME`s of the image. */
  readonly imageVolumes: readonly VolumeMount[];
  /** 64 random hex digits. */
  readonly newId: () => string;
  readonly created: string;
}

/** `VOLUME`s of an image: anonymous ones, filled at first use. */
export function imageVolumes({stored}: Image): readonly VolumeMount[] {
  return (stored?.config.volumes ?? []).map(target => ({
    kind: 'volume',
    name: '',
    anonymous: true,
    target: cleanPath(target),
    readonly: false,
    mode: '',
    populate: true,
    subpath: '',
    labels: {},
    options: {},
  }));
}

export interface Claim {
  readonly storage: Storage;
  /** Those that do not exist yet; to be committed with the container. */
  readonly fresh: readonly Volume[];
}

/**
 * What a container will have mounted: its own wishes, then those of `--volumes-from`, then the image's, the first for each
 * target; every volume with a name. Pure.
 */
export function claimStorage(asked: Storage, parts: ClaimParts): Claim {
  const inherited = asked.volumesFrom.flatMap(from => inheritedMounts(from, parts.container(from.container)));
  const chosen = firstOfTarget([...asked.mounts, ...inherited.reverse(), ...parts.imageVolumes]);
  const mounts = chosen.map(mount => (mount.kind === 'volume' ? named(mount, parts.newId) : mount));
  return {storage: {...asked, mounts}, fresh: freshVolumes(mounts, parts)};
}

/** Binds and volumes; `ro` narrows, `rw` never widens. What is copied now is not filled again. */
function inheritedMounts({readonly}: VolumesFrom, {config}: Container): readonly Mount[] {
  return config.storage.mounts
    .filter(({kind}) => kind !== 'tmpfs')
    .map(mount => ({
      ...mount,
      readonly: mount.readonly || readonly,
      ...(mount.kind === 'volume' ? {populate: false} : {}),
    }));
}

function firstOfTarget(mounts: readonly Mount[]): readonly Mount[] {
  const byTarget = new Map<string, Mount>();
  for (const mount of mounts) if (!byTarget.has(mount.target)) byTarget.set(mount.target, mount);
  return [...byTarget.values()];
}

function named(mount: VolumeMount, newId: () => string): VolumeMount {
  if (mount.name !== '') return mount;
  return {...mount, name: newId(), labels: {...mount.labels, [anonymousLabel]: ''}};
}

function freshVolumes(mounts: readonly Mount[], {volumes, created}: ClaimParts): readonly Volume[] {
  const fresh = new Map<string, Volume>();
  for (const mount of mounts) {
    if (mount.kind !== 'volume' || volumes.has(mount.name) || fresh.has(mount.name)) continue;
    checkOptions(mount.options);
    fresh.set(mount.name, {name: mount.name, created, labels: mount.labels, options: mount.options});
  }
  return [...fresh.values()];
}
