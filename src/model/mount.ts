/** What a container sees besides its image: binds, volumes, tmpfs. */

export const propagations = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'] as const;
/** How mounts travel between a bind and its source; `r…`: also those below (mount_namespaces(7)). */
export type Propagation = (typeof propagations)[number];

/**
 * How far a bind's read-only reaches what is mounted below its source. Docker's: `enabled` where the kernel can (it can from
 * Linux 5.12 on), `readonly` always or an error, `writable` not at all; `disabled` leaves out what is mounted below.
 */
export type Recursion = 'enabled' | 'disabled' | 'writable' | 'readonly';

interface MountBase {
  /** Inside the container, absolute, without `.`, `..` and doubled slashes. */
  readonly target: string;
  readonly readonly: boolean;
  /** The third field of `-v`, as it was typed; shown by inspect. */
  readonly mode: string;
}

export interface BindMount extends MountBase {
  readonly kind: 'bind';
  /** Path of the host. */
  readonly source: string;
  readonly propagation: Propagation;
  readonly recursion: Recursion;
  /** A missing source is made, a directory, as `-v` does and `--mount` does not. */
  readonly createSource: boolean;
}

export interface VolumeMount extends MountBase {
  readonly kind: 'volume';
  /** '' until create: an anonymous one gets its name then. */
  readonly name: string;
  /** Nobody named it: it goes with the container on `rm -v` and `--rm`. */
  readonly anonymous: boolean;
  /** An empty volume is filled with what the image has at the target. */
  readonly populate: boolean;
  /** Below the volume, relative; '' is all of it. */
  readonly subpath: string;
  /** Of a volume that is made by this mount. */
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

export interface TmpfsMount extends MountBase {
  readonly kind: 'tmpfs';
  /** As mount(8) takes them: flags as `noexec`, and `size=64m,mode=1777,uid=0`. */
  readonly options: readonly string[];
}

export type Mount = BindMount | VolumeMount | TmpfsMount;

/** `--volumes-from`: the mounts of another container. */
export interface VolumesFrom {
  readonly container: string;
  readonly readonly: boolean;
}

/** What was asked for, in the API's own words: inspect gives it back. */
export interface AskedStorage {
  readonly binds: readonly string[];
  readonly mounts: readonly unknown[];
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly volumesFrom: readonly string[];
}

export interface Storage {
  /** In the order asked for; after create with those of the image and of other containers. Each target once. */
  readonly mounts: readonly Mount[];
  readonly volumesFrom: readonly VolumesFrom[];
  readonly asked: AskedStorage;
}

export const noStorage: Storage = {
  mounts: [],
  volumesFrom: [],
  asked: {binds: [], mounts: [], tmpfs: {}, volumes: [], volumesFrom: []},
};

/** Without `.`, `..`, doubled and last slashes; of an absolute path nothing leads above `/`. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Parents before what is mounted in them; what lies equally deep in the order asked for. */
export function byDepth<T extends {readonly target: string}>(mounts: readonly T[]): readonly T[] {
  const depth = ({target}: T): number => target.split('/').length;
  return [...mounts].sort((a, b) => depth(a) - depth(b));
}
