import {TnetError} from '../../errors.ts';
import type {Container} from '../../model/container.ts';
import {type Emit, volumeEvent} from '../../model/event.ts';
import {anonymousLabel, isAnonymous, type Volume} from '../../model/volume.ts';
import type {Store} from '../../store/store.ts';
import {type Roots, volumePlaces} from '../places.ts';
import {diskUsage} from './disk-usage.ts';
import {closeVolume, hideData, makeData} from './local-driver.ts';
import {checkOptions} from './local-options.ts';

export interface VolumeSpec {
  /** '' is an anonymous one. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

export interface Pruned {
  readonly names: readonly string[];
  readonly bytes: number;
}

/** Volumes by name; ERR_VOLUME_NOT_FOUND in Docker's words. */
export interface Volumes {
  list(): readonly Volume[];
  get(name: string): Volume;
  /** One that exists is as good: its labels and options stay. ERR_BAD_REQUEST for options. */
  create(spec: VolumeSpec): Promise<Volume>;
  /** ERR_CONFLICT while a container has it, running or not. */
  remove(name: string): Promise<void>;
  /** Removes those of `candidates` that no container has. */
  prune(candidates: readonly Volume[]): Promise<Pruned>;
  /** Containers that have it mounted, or would when they started. */
  usersOf(name: string): readonly Container[];
  mountpoint(name: string): string;
}

export interface VolumeParts {
  readonly store: Store;
  readonly roots: Roots;
  readonly emit: Emit;
  readonly newId: () => string;
  readonly now: () => Date;
}

export function createVolumes({store, roots, emit, newId, now}: VolumeParts): Volumes {
  const {volumes, containers} = store.state;
  const get = (name: string): Volume => {
    const volume = volumes.get(name);
    if (volume === undefined) throw new TnetError('ERR_VOLUME_NOT_FOUND', `get ${name}: no such volume`);
    return volume;
  };
  const usersOf = (name: string): readonly Container[] =>
    [...containers.values()].filter(container => usesVolume(container, name));
  const discard = async (volume: Volume): Promise<void> => {
    await closeVolume(roots, volume);
    await forgetVolumes({store, roots, emit}, [volume.name]);
  };
  return {
    list: () => [...volumes.values()],
    get,
    async create({name, labels, options}) {
      const found = volumes.get(name);
      if (found) return found;
      checkOptions(options);
      const marked = name === '' ? {...labels, [anonymousLabel]: ''} : labels;
      const volume = {name: name || newId(), created: now().toISOString(), labels: marked, options};
      store.commit({put: {volumes: [volume]}});
      try {
        await makeData(roots, volume);
      } catch (cause) {
        store.commit({remove: {volumes: [volume.name]}});
        const reason = (cause as Error).message;
        throw new TnetError('ERR_STORE', `Cannot create volume "${volume.name}": ${reason}`, {cause});
      }
      emit(volumeEvent(volume.name, 'create'));
      return volume;
    },
    async remove(name) {
      const volume = get(name);
      refuseUsed(name, usersOf(name));
      await discard(volume);
    },
    async prune(candidates) {
      const names: string[] = [];
      let bytes = 0;
      for (const volume of candidates) {
        if (usersOf(volume.name).length > 0) continue;
        bytes += await diskUsage(volumePlaces(roots, volume.name).data);
        await discard(volume);
        names.push(volume.name);
      }
      return {names, bytes};
    },
    usersOf,
    mountpoint: name => volumePlaces(roots, name).data,
  };
}

export function usesVolume({config}: Container, name: string): boolean {
  return config.storage.mounts.some(mount => mount.kind === 'volume' && mount.name === name);
}

/** Out of the store, and their files off the disk. Together with `containers`, in one transaction. */
export async function forgetVolumes(
  {store, roots, emit}: Pick<VolumeParts, 'store' | 'roots' | 'emit'>,
  names: readonly string[],
  containers: readonly string[] = [],
): Promise<void> {
  const finish = await Promise.all(names.map(name => hideData(roots, name)));
  store.commit({remove: {volumes: names, containers}});
  await Promise.all(finish.map(each => each()));
  for (const name of names) emit(volumeEvent(name, 'destroy'));
}

/** Anonymous volumes of a container that nobody else has: they go with it. */
export function ownVolumes({store: {state}}: Pick<VolumeParts, 'store'>, container: Container): readonly string[] {
  const others = [...state.containers.values()].filter(({id}) => id !== container.id);
  return container.config.storage.mounts.flatMap(mount => {
    if (mount.kind !== 'volume' || !mount.anonymous) return [];
    const volume = state.volumes.get(mount.name);
    const own = volume !== undefined && isAnonymous(volume) && !others.some(other => usesVolume(other, mount.name));
    return own ? [mount.name] : [];
  });
}

function refuseUsed(name: string, users: readonly Container[]): void {
  if (users.length === 0) return;
  const ids = users.map(({id}) => id).join(', ');
  const names = users.map(user => `"${user.name}"`).join(', ');
  throw new TnetError('ERR_CONFLICT', `remove ${name}: volume is in use - [${ids}] (by ${names})`);
}
