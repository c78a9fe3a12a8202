import type {Container} from '../model/container.ts';
import {containerPlaces} from './places.ts';
import type {StartParts} from './start.ts';
import {diskUsage} from './volumes/disk-usage.ts';

export interface ContainerSize {
  /** Of what it has written over its image. */
  readonly writtenBytes: number;
  /** With its image; nobody counts `host`, which is this machine. */
  readonly totalBytes: number;
}

/** Walks its files: costs time by their number, and is right for the moment. */
export async function containerSize(
  {store, roots}: Pick<StartParts, 'store' | 'roots'>,
  {id, imageId}: Container,
): Promise<ContainerSize> {
  const writtenBytes = await diskUsage(containerPlaces(roots, id).upper);
  const image = imageId === undefined ? undefined : store.state.images.get(imageId);
  return {writtenBytes, totalBytes: writtenBytes + (image?.sizeBytes ?? 0)};
}
