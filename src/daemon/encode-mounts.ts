import type {MountPoint, VolumeResource} from '../api/storage-types.ts';
import type {Mount, Storage} from '../model/mount.ts';
import type {Volume} from '../model/volume.ts';
import type {ContainerView} from './encode-endpoint.ts';

type MountView = Pick<ContainerView, 'container' | 'mountpoint'>;

/** `Mounts` of inspect and of the list. `--tmpfs` is in HostConfig alone, as with Docker. */
export function encodeMounts({container, mountpoint}: MountView): readonly MountPoint[] {
  const {mounts, asked} = container.config.storage;
  return mounts
    .filter(({kind, target}) => kind !== 'tmpfs' || !Object.hasOwn(asked.tmpfs, target))
    .map(mount => encodeMount(mount, mountpoint));
}

function encodeMount(mount: Mount, mountpoint: MountView['mountpoint']): MountPoint {
  const base = {Destination: mount.target, Mode: mount.mode, RW: !mount.readonly};
  if (mount.kind === 'tmpfs') return {Type: 'tmpfs', Source: '', ...base, Propagation: ''};
  if (mount.kind === 'bind') return {Type: 'bind', Source: mount.source, ...base, Propagation: mount.propagation};
  return {
    Type: 'volume',
    Name: mount.name,
    Source: mountpoint(mount.name),
    Driver: 'local',
    ...base,
    Propagation: '',
  };
}

/** Of HostConfig: as it was asked for. */
export function encodeStorage({asked}: Storage): Readonly<Record<string, unknown>> {
  const {binds, mounts, tmpfs, volumesFrom} = asked;
  return {
    Binds: binds.length > 0 ? binds : null,
    VolumesFrom: volumesFrom.length > 0 ? volumesFrom : null,
    VolumeDriver: '',
    ...(mounts.length > 0 ? {Mounts: mounts} : {}),
    ...(Object.keys(tmpfs).length > 0 ? {Tmpfs: tmpfs} : {}),
  };
}

/** Of Config. */
export function encodeVolumeTargets({asked: {volumes}}: Storage): Readonly<Record<string, object>> | null {
  return volumes.length > 0 ? Object.fromEntries(volumes.map(target => [target, {}])) : null;
}

export function encodeVolume(volume: Volume, mountpoint: string): VolumeResource {
  const {name, created, labels, options} = volume;
  return {
    CreatedAt: created,
    Driver: 'local',
    Labels: Object.keys(labels).length > 0 ? labels : null,
    Mountpoint: mountpoint,
    Name: name,
    Options: Object.keys(options).length > 0 ? options : null,
    Scope: 'local',
  };
}
