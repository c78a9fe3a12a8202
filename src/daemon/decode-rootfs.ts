import * as v from 'valibot';
import type {HostRootfs} from '../model/host-rootfs.ts';
import {badRequest} from './failure.ts';
import {orNull, text} from './validate.ts';

/** Of HostConfig, and ours: Docker has no word for a directory in an image's place. */
export const rootfsFields = {Rootfs: orNull(v.strictObject({Path: text, Overlay: orNull(v.boolean())}))};

const schema = v.object(rootfsFields);

/** Image or directory, one of them. Throws ERR_BAD_REQUEST. */
export function decodeRootfs(
  {Rootfs: rootfs}: v.InferOutput<typeof schema>,
  image: string | null | undefined,
): {readonly image: string; readonly rootfs?: HostRootfs} {
  if (!rootfs) return {image: requireImage(image)};
  if (image) throw badRequest(`conflicting options: image "${image}" and a root directory (--rootfs)`);
  if (!rootfs.Path.startsWith('/'))
    throw badRequest(`invalid root directory "${rootfs.Path}": it needs to be an absolute path`);
  return {image: '', rootfs: {path: rootfs.Path, writes: rootfs.Overlay ? 'layer' : 'directory'}};
}

function requireImage(image: string | null | undefined): string {
  if (!image) throw badRequest('config cannot be empty in order to create a container: Image is missing');
  return image;
}
