import type {IdMaps} from '../../model/id-map.ts';
import {byDepth, type Propagation} from '../../model/mount.ts';
import type {LaunchOp} from './plan-launch.ts';
import {mapOptions} from './plan-user-namespace.ts';
import type {BindMount} from './run-spec.ts';

/** A bind or a volume, its source made and mounted on the host. */
export interface PlacedTree {
  readonly kind: 'tree';
  /** On the host. */
  readonly source: string;
  /** Below the source, resolved without leaving it; '' is all of it. */
  readonly subpath: string;
  /** Inside the container. */
  readonly target: string;
  /** `mapped`: its files are seen with the ids inside; the disk keeps plain ones. */
  readonly ids: 'plain' | 'mapped';
  /** With what is mounted below the source, or without. */
  readonly extent: 'recursive' | 'single';
  readonly access: 'writable' | 'readonly' | 'readonly-top';
  readonly propagation: Propagation;
  /** Directory that holds the volume, for the file that says that filling was begun; null: it is not filled. */
  readonly populate: string | null;
}

export interface PlacedTmpfs {
  readonly kind: 'tmpfs';
  readonly target: string;
  /** As mount(8) takes them. */
  readonly options: readonly string[];
}

export type PlacedMount = PlacedTree | PlacedTmpfs;

/** Sources are opened while the host's mounts are still shared with ours: a slave of a slave could not be `rshared`. */
export function sourceOps(mounts: readonly PlacedMount[]): LaunchOp[] {
  return trees(mounts)
    .filter(({ids}) => ids === 'plain')
    .map(sourceOp);
}

/** Those that are mapped, once there is a user namespace to map them to; each is covered by its view, for us alone, first. */
export function mappedSourceOps(mounts: readonly PlacedMount[]): LaunchOp[] {
  const mapped = trees(mounts).filter(({ids}) => ids === 'mapped');
  const places = [...new Set(mapped.map(({source}) => source))];
  return [...places.map(place => ['idmap', place, place] as const), ...mapped.map(sourceOp)];
}

function sourceOp({source, subpath, extent}: PlacedTree): LaunchOp {
  return ['source', source, subpath, extent];
}

/** As the disk has them: to look at without a user namespace. */
export function plainMounts(mounts: readonly PlacedMount[]): readonly PlacedMount[] {
  return mounts.map(mount => (mount.kind === 'tree' ? {...mount, ids: 'plain'} : mount));
}

/** In the order of their depth: what is mounted in `/data/x` must not be covered by `/data`. Files of ours give way to the user's. */
export function mountOps(
  mounts: readonly PlacedMount[],
  binds: readonly BindMount[],
  userns: IdMaps | null = null,
): LaunchOp[] {
  const taken = new Set(mounts.map(({target}) => target));
  const files = binds
    .filter(({target}) => !taken.has(target))
    .map(bind => ({target: bind.target, ops: [bindOp(bind)]}));
  const indices = new Map(trees(mounts).map((tree, index) => [tree, String(index)] as const));
  const placed = mounts.map(mount => ({
    target: mount.target,
    ops: mount.kind === 'tmpfs' ? [tmpfsOp(mount, userns)] : treeOps(mount, indices.get(mount)!),
  }));
  return byDepth([...placed, ...files]).flatMap(({ops}) => ops);
}

/** In the order in which their sources are opened. */
function trees(mounts: readonly PlacedMount[]): readonly PlacedTree[] {
  const all = mounts.filter(mount => mount.kind === 'tree');
  return [...all.filter(({ids}) => ids === 'plain'), ...all.filter(({ids}) => ids === 'mapped')];
}

/** nodev: without a devices cgroup it is what keeps a node in a volume from being the machine's disk. */
function treeOps({target, populate, access, propagation}: PlacedTree, index: string): LaunchOp[] {
  const [all, top] = access === 'readonly-top' ? ['nodev', 'ro'] : [access === 'readonly' ? 'nodev,ro' : 'nodev', ''];
  return [
    ...(populate === null ? [] : ([['populate', index, populate, target]] as const)),
    ['attach', index, target, all, top, propagation],
  ];
}

const attributeWords = new Set(['ro', 'nosuid', 'nodev', 'noexec']);
const writableWords = new Set(['rw', 'suid', 'exec']);

function tmpfsOp({target, options}: PlacedTmpfs, userns: IdMaps | null): LaunchOp {
  const data = options.filter(word => !attributeWords.has(word) && !writableWords.has(word));
  return [
    'tmpfs',
    target,
    options.filter(word => attributeWords.has(word)).join(','),
    mapOptions(data.join(','), userns),
  ];
}

function bindOp({source, target, readonly}: BindMount): LaunchOp {
  return ['bind', source, target, readonly ? 'ro,nosuid,nodev' : 'nosuid,nodev'];
}
