import type {Container} from '../../model/container.ts';
import type {HostRootfs} from '../../model/host-rootfs.ts';
import type {Image} from './image.ts';

/** Docker's default, for what names none. */
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A directory of the machine as an image that says nothing about its containers. */
export function directoryImage({path: directory}: HostRootfs): Image {
  return {id: '', name: directory, tags: [], lower: [directory], masks: [], env: [path], cmd: [], notes: []};
}

/** What a container is made from: its directory, or what its image's name meant when it was made. */
export function imageOfContainer(
  {imageId, config}: Pick<Container, 'imageId' | 'config'>,
  resolveImage: (name: string) => Image,
): Image {
  return config.rootfs ? directoryImage(config.rootfs) : resolveImage(imageId ?? config.image);
}
