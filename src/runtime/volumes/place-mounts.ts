import {chown, mkdir, readdir, readFile, realpath, stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {TnetError} from '../../errors.ts';
import type {Container} from '../../model/container.ts';
import {type Emit, volumeMountEvents} from '../../model/event.ts';
import {type IdMaps, rootOutside} from '../../model/id-map.ts';
import type {BindMount, Mount, VolumeMount} from '../../model/mount.ts';
import type {Store} from '../../store/store.ts';
import type {PlacedMount, PlacedTree} from '../launch/plan-mounts.ts';
import {type Roots, volumePlaces} from '../places.ts';
import type {Undo} from '../undo.ts';
import {type Remap, usernsOf} from '../user-namespace.ts';
import {closeVolume, openVolume} from './local-driver.ts';
import {checkPropagation} from './propagation.ts';
import {usesVolume} from './volumes.ts';

export interface MountParts {
  readonly store: Store;
  readonly roots: Roots;
  readonly emit: Emit;
}

/** Makes and opens what a start needs of its mounts on the host's side; `undo` closes volumes again. */
export async function placeMounts(
  parts: MountParts & Remap,
  container: Container,
  undo: Undo,
): Promise<readonly PlacedMount[]> {
  let told = false;
  undo.add(() => (told ? giveBackVolumes(parts, container) : releaseVolumes(parts, container)));
  const placed: PlacedMount[] = [];
  const userns = usernsOf(container.config, parts, parts.store.state.containers);
  const ids = typeof container.config.isolation.userns === 'string' ? 'plain' : 'mapped';
  for (const mount of container.config.storage.mounts) placed.push(await placeMount({...parts, userns, ids}, mount));
  for (const happening of volumeMountEvents(container, 'mount')) parts.emit(happening);
  told = true;
  return placed;
}

/** The end of what placeMounts() has made. */
export async function giveBackVolumes(parts: MountParts, container: Container): Promise<void> {
  await releaseVolumes(parts, container);
  for (const happening of volumeMountEvents(container, 'unmount')) parts.emit(happening);
}

/** Takes the file systems off volumes that no running container but this has. */
async function releaseVolumes({store, roots}: Omit<MountParts, 'emit'>, container: Container): Promise<void> {
  const {volumes, containers} = store.state;
  const others = [...containers.values()].filter(({id, state}) => id !== container.id && state.status === 'running');
  for (const mount of container.config.storage.mounts) {
    const volume = mount.kind === 'volume' ? volumes.get(mount.name) : undefined;
    if (volume && !others.some(other => usesVolume(other, volume.name))) await closeVolume(roots, volume);
  }
}

/** Docker looks for the source of a `--mount type=bind` at create already. ERR_BAD_REQUEST. */
export async function checkSources(mounts: readonly Mount[]): Promise<void> {
  for (const mount of mounts) if (mount.kind === 'bind' && !mount.createSource) await checkSource(mount);
}

interface PlaceParts extends MountParts {
  readonly userns: IdMaps | null;
  /** Of volumes: others than the daemon's maps differ from container to container, and a volume outlives them. */
  readonly ids: PlacedTree['ids'];
}

async function placeMount(parts: PlaceParts, mount: Mount): Promise<PlacedMount> {
  if (mount.kind === 'tmpfs') return {kind: 'tmpfs', target: mount.target, options: mount.options};
  return mount.kind === 'bind' ? placeBind(mount) : placeVolume(parts, mount);
}

async function placeBind(mount: BindMount): Promise<PlacedTree> {
  if (mount.createSource) await makeSource(mount.source);
  else await checkSource(mount);
  const {source, target, readonly, recursion, propagation} = mount;
  if (propagation !== 'rprivate' && propagation !== 'private')
    checkPropagation(await realpath(source), propagation, await readFile('/proc/self/mountinfo', 'utf8'));
  return {
    kind: 'tree',
    source,
    target,
    propagation,
    subpath: '',
    ids: 'plain',
    populate: null,
    extent: recursion === 'disabled' ? 'single' : 'recursive',
    access: access(readonly, recursion === 'enabled' || recursion === 'readonly'),
  };
}

async function placeVolume({store, roots, userns, ids}: PlaceParts, mount: VolumeMount): Promise<PlacedTree> {
  const volume = store.state.volumes.get(mount.name);
  if (volume === undefined) throw new TnetError('ERR_VOLUME_NOT_FOUND', `get ${mount.name}: no such volume`);
  const {target, readonly, subpath, populate} = mount;
  const source = await openVolume(roots, volume);
  if (userns !== null && ids === 'plain') await giveToRoot(source, userns);
  return {
    kind: 'tree',
    source,
    target,
    subpath,
    ids,
    propagation: 'rprivate',
    populate: populate ? volumePlaces(roots, mount.name).dir : null,
    extent: 'recursive',
    access: access(readonly, true),
  };
}

/** As Docker: an empty directory that is root's becomes that of root inside. What somebody has put there stays his. */
async function giveToRoot(path: string, userns: IdMaps): Promise<void> {
  const {uid, gid} = rootOutside(userns);
  const owner = await stat(path);
  if (owner.uid === 0 && owner.gid === 0 && (await readdir(path)).length === 0) await chown(path, uid, gid);
}

function access(readonly: boolean, below: boolean): PlacedTree['access'] {
  if (!readonly) return 'writable';
  return below ? 'readonly' : 'readonly-top';
}

/** As `mkdir -p`; mkdir's `recursive` never returns below /proc, where the kernel says ENOENT though the parent is there. */
async function makeFolders(path: string): Promise<void> {
  const missing = [path];
  for (let dir = dirname(path); !(await exists(dir)); dir = dirname(dir)) missing.unshift(dir);
  for (const dir of missing) await mkdir(dir, 0o755).catch(ignoreExisting);
}

/** Two may begin at once. */
function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** As `-v` of Docker: what is not there becomes a directory; a file or a socket that is there is mounted as it is. */
async function makeSource(source: string): Promise<void> {
  try {
    await makeFolders(source);
  } catch (cause) {
    throw new TnetError(
      'ERR_LAUNCH',
      `error while creating mount source path '${source}': ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

async function checkSource({source}: BindMount): Promise<void> {
  try {
    await stat(source);
  } catch (cause) {
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `invalid mount config for type "bind": bind source path does not exist: ${source}`,
      {cause},
    );
  }
}
