import {mkdirSync} from 'node:fs';
import {loadNative} from '../kernel/native.ts';
import {containerPlaces, type Roots} from './places.ts';

/**
 * The /dev/shm of a container whose IPC is shareable, mounted on the machine: so others get it from us, and not from what
 * that container makes of its own /dev/shm. Returns where.
 */
export function mountSharedMemory(roots: Roots, id: string, bytes: number): string {
  const path = containerPlaces(roots, id).sharedMemory;
  unmountSharedMemory(path);
  mkdirSync(path, {recursive: true, mode: 0o700});
  loadNative().mountTmpfs(path, `mode=1777,size=${bytes}`);
  return path;
}

/** Nothing there is fine. Containers that have joined it keep it until they end. */
export function unmountSharedMemory(path: string): void {
  loadNative().unmountTmpfs(path);
}
