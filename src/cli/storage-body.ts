import {resolve} from 'node:path';
import type {ContainerCreate} from '../api/engine-types.ts';
import {parseMount} from './parse-mount.ts';

/** Options of `tnet run` that mount something, as commander leaves them. */
export interface StorageOptions {
  readonly volume?: readonly string[];
  readonly mount?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly volumesFrom?: readonly string[];
}

type HostConfig = ContainerCreate['HostConfig'];

export interface StorageBody {
  readonly config: Pick<ContainerCreate, 'Volumes'>;
  readonly host: Pick<HostConfig, 'Binds' | 'Mounts' | 'Tmpfs' | 'VolumesFrom'>;
}

/** As Docker's client divides them: `-v /target` alone is an anonymous volume, and stands in Config. */
export function storageBody({volume = [], mount = [], tmpfs = [], volumesFrom = []}: StorageOptions): StorageBody {
  const anonymous = volume.filter(spec => !spec.includes(':'));
  const binds = volume.filter(spec => spec.includes(':')).map(absoluteSource);
  return {
    config: anonymous.length > 0 ? {Volumes: Object.fromEntries(anonymous.map(target => [target, {}]))} : {},
    host: {
      ...(binds.length > 0 ? {Binds: binds} : {}),
      ...(mount.length > 0 ? {Mounts: mount.map(parseMount)} : {}),
      ...(tmpfs.length > 0 ? {Tmpfs: Object.fromEntries(tmpfs.map(splitTmpfs))} : {}),
      ...(volumesFrom.length > 0 ? {VolumesFrom: volumesFrom} : {}),
    },
  };
}

/** `./src` is the user's directory, not the daemon's. A name without a dot in front is a volume. */
function absoluteSource(spec: string): string {
  const at = spec.indexOf(':');
  const source = spec.slice(0, at);
  return /^\.\.?(\/|$)/.test(source) ? `${resolve(source)}${spec.slice(at)}` : spec;
}

function splitTmpfs(spec: string): [string, string] {
  const at = spec.indexOf(':');
  return at < 0 ? [spec, ''] : [spec.slice(0, at), spec.slice(at + 1)];
}
