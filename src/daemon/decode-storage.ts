import * as v from 'valibot';
import type {Mount, Storage, TmpfsMount, VolumeMount, VolumesFrom} from '../model/mount.ts';
import {decodeMount, mountFields} from './decode-mount.ts';
import {badRequest} from './failure.ts';
import {parseTmpfsOptions} from './parse-tmpfs-options.ts';
import {checkTarget, parseMode, parseVolumeSpec, volumeDefaults} from './parse-volume-spec.ts';
import {labels, orNull, text, texts} from './validate.ts';

/** Of HostConfig. */
export const storageFields = {
  Binds: orNull(texts),
  Mounts: orNull(v.array(mountFields)),
  Tmpfs: orNull(labels),
  VolumesFrom: orNull(texts),
  VolumeDriver: orNull(text),
};

const schema = v.object(storageFields);
export type StorageFields = v.InferOutput<typeof schema>;

/** `volumes` are the keys of Config.Volumes. Throws ERR_BAD_REQUEST, ERR_UNSUPPORTED in Docker's words. */
export function decodeStorage(host: StorageFields, volumes: readonly string[]): Storage {
  refuseDriver(host.VolumeDriver ?? '');
  const [binds, mounts, tmpfs] = [host.Binds ?? [], host.Mounts ?? [], host.Tmpfs ?? {}];
  const asked = [...binds.map(parseVolumeSpec), ...mounts.map(decodeMount), ...Object.entries(tmpfs).map(decodeTmpfs)];
  refuseDuplicates(asked);
  const taken = new Set(asked.map(({target}) => target));
  const anonymous = volumes.map(anonymousVolume).filter(({target}) => !taken.has(target));
  return {
    mounts: [...asked, ...anonymous],
    volumesFrom: (host.VolumesFrom ?? []).map(parseVolumesFrom),
    asked: {binds, mounts, tmpfs, volumes, volumesFrom: host.VolumesFrom ?? []},
  };
}

function decodeTmpfs([target, options]: [string, string]): TmpfsMount {
  const words = parseTmpfsOptions(options.split(','));
  return {
    kind: 'tmpfs',
    target: checkTarget('tmpfs', target),
    readonly: words.includes('ro'),
    mode: '',
    options: words,
  };
}

/** Also of an image's `VOLUME`. */
export function anonymousVolume(target: string): VolumeMount {
  return {...volumeDefaults(''), target: checkTarget('volume', target), readonly: false, mode: ''};
}

/** `name[:ro|rw…]`. */
function parseVolumesFrom(spec: string): VolumesFrom {
  const [container = '', mode = '', ...rest] = spec.split(':');
  if (container === '' || rest.length > 0) throw badRequest(`invalid volumes-from specification: '${spec}'`);
  const words = parseMode(mode);
  if (words.has('nocopy')) throw badRequest(`invalid mode: ${mode}`);
  return {container, readonly: words.has('ro')};
}

function refuseDuplicates(mounts: readonly Mount[]): void {
  const targets = mounts.map(({target}) => target);
  const twice = targets.find((target, i) => targets.indexOf(target) !== i);
  if (twice !== undefined) throw badRequest(`Duplicate mount point: ${twice}`);
}

function refuseDriver(driver: string): void {
  if (driver !== '' && driver !== 'local')
    throw badRequest(`error looking up volume plugin ${driver}: plugin "${driver}" not found`);
}
