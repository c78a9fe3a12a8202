import {hostFiles} from '../../src/runtime/images/host-files.ts';
import {listImages, resolveImage} from '../../src/runtime/images/host-image.ts';
import {createImages, type ImageParts, type Images} from '../../src/runtime/images/stored-images.ts';
import {openStore} from '../../src/store/store.ts';

/** The real ones, over a store in memory; users are those of the fake engine. */
export function createFakeImages(roots: ImageParts['roots'], containers: () => number): Images {
  const source = {files: hostFiles('/nonexistent'), roots: []};
  const images = createImages({
    emit: () => {},
    store: openStore(':memory:'),
    roots,
    now: () => new Date(),
    resolveImage: name => resolveImage(name, source),
    listImages: () => listImages(source),
  });
  return {...images, usersOf: () => Array(containers()).fill({}) as ReturnType<Images['usersOf']>};
}
