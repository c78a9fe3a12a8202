import {createHash, randomBytes} from 'node:crypto';
import {mkdir, readdir, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {Readable} from 'node:stream';
import {TnetError} from '../../errors.ts';
import type {Container} from '../../model/container.ts';
import {type Emit, imageEvent} from '../../model/event.ts';
import type {ImageConfig, StoredImage} from '../../model/image.ts';
import type {Store} from '../../store/store.ts';
import {imagesDir, layerPath, type Roots} from '../places.ts';
import {hostImageId} from './host-image.ts';
import type {Image} from './image.ts';
import {unpackLayer} from './unpack-layer.ts';

export interface ImportSpec {
  /** A tar archive, plain or compressed. */
  readonly archive: Readable;
  /** `name:tag`; null leaves it without a name. */
  readonly tag: string | null;
  readonly config: ImageConfig;
  readonly comment: string;
}

export interface Removed {
  readonly untagged: readonly string[];
  readonly deleted: string | null;
}

/** Images on disk, besides `host`. */
export interface Images {
  list(): readonly Image[];
  get(ref: string): Image;
  /** Takes the tag from an image that has it. ERR_BAD_REQUEST for what is no archive. */
  importArchive(spec: ImportSpec): Promise<StoredImage>;
  /** A name of several takes only that name away. ERR_CONFLICT while a container has it. */
  remove(ref: string): Promise<Removed>;
  usersOf(id: string): readonly Container[];
}

export interface ImageParts {
  readonly store: Store;
  readonly roots: Roots;
  readonly emit: Emit;
  readonly now: () => Date;
  readonly resolveImage: (name: string) => Image;
  readonly listImages: () => readonly Image[];
}

export function createImages({store, roots, emit, now, resolveImage, listImages}: ImageParts): Images {
  const {images, containers} = store.state;
  const usersOf = (id: string): readonly Container[] =>
    [...containers.values()].filter(container => (container.imageId ?? hostImageId) === id);

  const importArchive: Images['importArchive'] = async ({archive, tag, config, comment}) => {
    const {layer, sizeBytes} = await storeLayer(roots, archive);
    const created = now().toISOString();
    const id = `sha256:${createHash('sha256').update(JSON.stringify({layer, config, created, comment})).digest('hex')}`;
    const image: StoredImage = {id, tags: tag === null ? [] : [tag], layer, sizeBytes, created, comment, config};
    store.commit({put: {images: [...withoutTag(images.values(), tag), image]}});
    emit(imageEvent(id, 'import'));
    if (tag !== null) emit(imageEvent(id, 'tag', tag));
    return image;
  };

  const remove: Images['remove'] = async ref => {
    const {id, tags} = resolveImage(ref);
    const stored = images.get(id);
    if (stored === undefined)
      throw new TnetError(
        'ERR_CONFLICT',
        `conflict: unable to delete ${ref}: it is this machine's own root file system`,
      );
    const named = tags.find(tag => tag === ref || tag === `${ref}:latest`);
    if (named !== undefined && tags.length > 1) {
      store.commit({put: {images: [{...stored, tags: tags.filter(tag => tag !== named)}]}});
      emit(imageEvent(id, 'untag', named));
      return {untagged: [named], deleted: null};
    }
    refuseUsed(ref, stored, usersOf(id));
    store.commit({remove: {images: [id]}});
    if (![...images.values()].some(({layer}) => layer === stored.layer))
      await rm(layerPath(roots, stored.layer), {recursive: true, force: true});
    for (const tag of tags) emit(imageEvent(id, 'untag', tag));
    emit(imageEvent(id, 'delete'));
    return {untagged: tags, deleted: id};
  };
  return {list: listImages, get: resolveImage, importArchive, remove, usersOf};
}

/** Unpacked beside its place and renamed there: what can be seen is whole. The same archive again is the same layer. */
async function storeLayer(roots: Roots, archive: Readable): Promise<{layer: string; sizeBytes: number}> {
  await mkdir(imagesDir(roots), {recursive: true, mode: 0o700});
  const directory = join(imagesDir(roots), `#${randomBytes(8).toString('hex')}`);
  await mkdir(directory, {mode: 0o755});
  try {
    const {digest, sizeBytes} = await unpackLayer(directory, archive);
    await rename(directory, layerPath(roots, digest)).catch(ignoreExisting);
    return {layer: digest, sizeBytes};
  } finally {
    await rm(directory, {recursive: true, force: true});
  }
}

/** At the daemon's start: what a crash left half unpacked, or unpacked and not written down. */
export async function sweepLayers({store, roots}: Pick<ImageParts, 'store' | 'roots'>): Promise<void> {
  const known = new Set(Array.from(store.state.images.values(), ({layer}) => layerPath(roots, layer)));
  const names = await readdir(imagesDir(roots)).catch(() => []);
  const orphans = names.map(name => join(imagesDir(roots), name)).filter(path => !known.has(path));
  for (const path of orphans) await rm(path, {recursive: true, force: true});
}

function withoutTag(images: Iterable<StoredImage>, tag: string | null): readonly StoredImage[] {
  return [...images]
    .filter(({tags}) => tag !== null && tags.includes(tag))
    .map(image => ({...image, tags: image.tags.filter(each => each !== tag)}));
}

/** moby daemon/images/image_delete.go, in its words. */
function refuseUsed(ref: string, {id}: StoredImage, users: readonly Container[]): void {
  const [user] = users;
  if (user === undefined) return;
  const short = id.slice(7, 19);
  throw new TnetError(
    'ERR_CONFLICT',
    `conflict: unable to remove repository reference "${ref}" (cannot be forced) - container ${user.id.slice(0, 12)} is using its referenced image ${short}`,
  );
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
}
