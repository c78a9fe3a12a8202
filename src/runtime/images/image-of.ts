import type {StoredImage} from '../../model/image.ts';
import {layerPath, type Roots} from '../places.ts';
import type {Image} from './image.ts';

/** Docker's default, for an image that names none. */
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What a container is made from, of an image on disk: its one layer as the overlay's lower directory. */
export function imageOf(stored: StoredImage, roots: Roots): Image {
  const {id, tags, layer, config} = stored;
  return {
    id,
    name: tags[0] ?? id,
    tags,
    lower: [layerPath(roots, layer)],
    masks: [],
    env: [path, ...config.env],
    cmd: config.cmd,
    notes: [],
    stored,
  };
}
