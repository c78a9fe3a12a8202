import {TnetError} from '../../errors.ts';
import type {HostFiles} from './host-files.ts';
import type {Image, ImageSource} from './image.ts';
import {secretPaths} from './secrets.ts';

export type {Image, ImageSource} from './image.ts';

/** Made up, because Docker's clients want one: sha256 of "tnet image host". It never changes. */
export const hostImageId = 'sha256:d8387cdcb73c8c9b3dba37c626cfe9bd869f67adaaf401d3d2976055739d59d7';

/** Docker's default, and that of every Debian image. */
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** File systems that a container gets fresh, or that hold nothing which an image would. */
const ownInContainer = /^\/(proc|sys|dev|run|tmp|boot|mnt|media)(\/|$)/;

/**
 * Finds an image by Docker's words (`name`, `name:tag`, its id or a prefix of at least 12 digits). There is
 * always `host`. Masks are looked up now, so resolve anew at each start. ERR_IMAGE_NOT_FOUND in Docker's words.
 */
export function resolveImage(name: string, source: ImageSource): Image {
  const image = listImages(source).find(each => answersTo(each, name));
  if (image === undefined) throw new TnetError('ERR_IMAGE_NOT_FOUND', `No such image: ${withTag(name)}`);
  return image;
}

export function listImages(source: ImageSource): readonly Image[] {
  return [hostImage(source), ...(source.stored?.() ?? [])];
}

function answersTo(image: Image, name: string): boolean {
  const digits = name.replace(/^sha256:/, '');
  return (
    image.tags.includes(withTag(name)) || (/^[0-9a-f]{12,64}$/.test(digits) && image.id.startsWith(`sha256:${digits}`))
  );
}

/** A colon after the last slash begins a tag, one before it a registry's port. An id or digest has none. */
function withTag(name: string): string {
  return /[:@][^/]*$/.test(name) ? name : `${name}:latest`;
}

/**
 * The built-in image `host`: a copy-on-write overlay of this machine's own root file system, so that a first container
 * needs no download. Its secrets are masked (secrets.ts).
 *
 * overlayfs shows the root file system alone: whatever is mounted on it (proc, sys, run; /home, /usr or /var on partitions
 * of their own) is an empty directory inside. They are not bound in, because a bind is no copy: a write would go to the
 * machine. They are named in `notes`, where the reason for a missing command can be found.
 */
function hostImage({files, roots}: ImageSource): Image {
  return {
    id: hostImageId,
    name: 'host',
    tags: ['host:latest'],
    lower: ['/'],
    masks: secretPaths(files, roots),
    env: [path],
    cmd: ['/bin/sh'],
    notes: hiddenMounts(files).map(
      mount => `"${mount}" is a file system of its own on this machine, and empty in image "host"`,
    ),
  };
}

function hiddenMounts(files: HostFiles): string[] {
  const mounts = files
    .read('/proc/self/mountinfo')
    .split('\n')
    .map(line => line.split(' ')[4] ?? '');
  return [...new Set(mounts)].filter(mount => mount.length > 1 && !ownInContainer.test(mount)).sort();
}
