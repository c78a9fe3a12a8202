import {mkdir} from 'node:fs/promises';
import {PassThrough, type Readable} from 'node:stream';
import {buffer} from 'node:stream/consumers';
import {pipeline} from 'node:stream/promises';
import {TnetError} from '../../errors.ts';
import type {Container} from '../../model/container.ts';
import {imageOfContainer} from '../images/directory-image.ts';
import type {Image} from '../images/image.ts';
import type {LaunchOp} from '../launch/plan-launch.ts';
import {plainMounts} from '../launch/plan-mounts.ts';
import type {Life} from '../life.ts';
import {containerPlaces} from '../places.ts';
import {rootfsOf} from '../rootfs.ts';
import {createUndo} from '../undo.ts';
import type {Remap} from '../user-namespace.ts';
import {type MountParts, placeMounts} from '../volumes/place-mounts.ts';
import {archiveError} from './archive-error.ts';
import {type Change, parseChanges} from './changes.ts';
import {feed} from './feed.ts';
import {packName} from './pack-name.ts';
import {enterOps, type View} from './plan-enter.ts';
import {type PathStatus, runFiles} from './run-files.ts';

export interface Packed {
  readonly status: PathStatus;
  /** Fails when packing does; destroy it to stop. */
  readonly archive: Readable;
}

/** Files of containers, running or not; paths are the container's. ERR_PATH_NOT_FOUND. */
export interface Archives {
  /** Of the last name itself, when that is a link; links on the way are followed, inside. */
  stat(ref: string, path: string): Promise<PathStatus>;
  pack(ref: string, path: string): Promise<Packed>;
  /** Into an existing directory. `keep`: ERR_BAD_REQUEST instead of a directory for a file, or the reverse. */
  unpack(
    ref: string,
    path: string,
    source: {readonly archive: Readable; readonly mode: 'keep' | 'replace'},
  ): Promise<void>;
  /** What differs from the image. ERR_UNSUPPORTED for a container that writes into a directory of the machine. */
  changes(ref: string): Promise<readonly Change[]>;
}

export interface ArchiveParts extends MountParts, Remap {
  readonly life: Pick<Life, 'alone'>;
  readonly find: (ref: string) => Container;
  readonly resolveImage: (name: string) => Image;
}

export function createArchives(parts: ArchiveParts): Archives {
  const {life, find, roots, resolveImage} = parts;

  /** One that runs is looked at as it is; one that does not must not start meanwhile: two overlays of one upper directory. */
  const look = async <T>(ref: string, use: (ops: LaunchOp[]) => Promise<T>): Promise<T> => {
    const {id, state} = find(ref);
    if (state.pid !== 0) return use(enterOps({kind: 'running', pid: state.pid}));
    return life.alone(id, async container => {
      if (container.state.pid !== 0) return use(enterOps({kind: 'running', pid: container.state.pid}));
      const undo = createUndo();
      try {
        return await use(enterOps(await viewStopped(container, undo)));
      } finally {
        await undo.run();
      }
    });
  };

  const viewStopped = async (container: Container, undo: ReturnType<typeof createUndo>): Promise<View> => {
    const places = containerPlaces(roots, container.id);
    for (const dir of [places.upper, places.work, places.target]) await mkdir(dir, {recursive: true, mode: 0o755});
    const image = imageOfContainer(container, resolveImage);
    const mounts = plainMounts(await placeMounts(parts, container, undo));
    return {kind: 'stopped', rootfs: rootfsOf(container.config, image, places), masks: image.masks, mounts};
  };

  const stat: Archives['stat'] = (ref, path) =>
    look(ref, async ops => (await runFiles([...ops, ['stat', path]]).done)!).catch(error => {
      throw archiveError(error, {container: find(ref), ref, path});
    });

  return {
    stat,
    async pack(ref, path) {
      const status = await stat(ref, path);
      const archive = new PassThrough().on('error', () => {}); // whoever reads it gets it; a reader that has left does not
      void look(ref, async ops => {
        const run = runFiles([...ops, ['pack', path, packName(path)]]);
        archive.once('close', run.cancel);
        // Together: a reader that leaves breaks both, and a rejection that nobody hears would end the daemon.
        await Promise.all([pipeline(run.output, archive, {end: false}), run.done]);
        archive.end();
      }).catch(error => archive.destroy(error as Error));
      return {status, archive};
    },
    unpack: (ref, path, {archive, mode}) =>
      look(ref, async ops => {
        const run = runFiles([...ops, ['unpack', path, '', mode]]);
        await Promise.all([run.done, feed(archive, run.input).catch(run.cancel)]);
      }).catch(error => {
        throw archiveError(error, {container: find(ref), ref, path});
      }),
    async changes(ref) {
      const container = find(ref);
      refuseDirectory(container);
      const {upper} = containerPlaces(roots, container.id);
      await mkdir(upper, {recursive: true, mode: 0o755});
      const run = runFiles([['changes', upper, ...imageOfContainer(container, resolveImage).lower]]);
      const [text] = await Promise.all([buffer(run.output), run.done]);
      return parseChanges(text.toString());
    },
  };
}

function refuseDirectory({name, config: {rootfs}}: Container): void {
  if (rootfs?.writes !== 'directory') return;
  throw new TnetError(
    'ERR_UNSUPPORTED',
    `container "${name}" writes into "${rootfs.path}" itself, and there is no image to compare it with`,
  );
}
