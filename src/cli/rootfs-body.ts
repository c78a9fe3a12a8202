import {resolve} from 'node:path';
import type {ContainerCreate} from '../api/engine-types.ts';

/** What stands in the image's place: its name, or with `--rootfs` a directory; `:O` is a layer over it, as with podman. */
export function rootfsBody(
  text: string,
  {rootfs}: {readonly rootfs?: boolean},
): {readonly config: Pick<ContainerCreate, 'Image'>; readonly host: Pick<ContainerCreate['HostConfig'], 'Rootfs'>} {
  if (!rootfs) return {config: {Image: text}, host: {}};
  const overlay = text.endsWith(':O');
  const path = overlay ? text.slice(0, -2) : text;
  if (path === '') throw new SyntaxError('--rootfs: no directory given');
  return {config: {Image: ''}, host: {Rootfs: {Path: resolve(path), Overlay: overlay}}};
}
