import {Duplex} from 'node:stream';
import {TnetError} from '../errors.ts';
import {type Container, isRunning} from '../model/container.ts';
import {findContainer} from './find-container.ts';
import {imageOfContainer} from './images/directory-image.ts';
import {joinNetworks} from './join-networks.ts';
import {joinersOf} from './joiners.ts';
import type {Life, LifeParts} from './life.ts';
import {containerPlaces} from './places.ts';
import {sharedSandbox} from './shared-sandbox.ts';
import {createUndo} from './undo.ts';
import {usernsOf} from './user-namespace.ts';

/** A life in which a start joins its networks and no process ever runs. Only as harmless as the controller it is given. */
export function pretendLife(
  parts: Pick<LifeParts, 'store' | 'controller' | 'roots' | 'resolveImage' | 'idMaps'>,
): Life {
  const {containers} = parts.store.state;
  const find = (id: string): Container => findContainer(containers, id);
  const start = async (id: string): Promise<void> => {
    const container = find(id);
    if (isRunning(container.state)) throw new TnetError('ERR_NOT_MODIFIED', `container ${id} is already running`);
    imageOfContainer(container, parts.resolveImage);
    const shared = sharedSandbox(container, {containers, roots: parts.roots});
    await joinNetworks(
      parts,
      {
        container,
        sharedSandbox: shared,
        joined: joinersOf(containers, container.id).length > 0,
        userns: usernsOf(container.config, parts, containers),
      },
      createUndo(),
    );
  };
  /** Its processes gone, it leaves its networks, unless others live in its sandbox; as releaseNetwork(). */
  const end = async (id: string): Promise<number> => {
    if (joinersOf(containers, id).length > 0) return 0;
    const {controller, roots} = parts;
    await controller.detach(...controller.attachmentsOf({owner: id}).map(attachment => attachment.id));
    await controller.removeSandbox(containerPlaces(roots, id).netns);
    return 0;
  };
  const nothing = async (): Promise<void> => {};
  return {
    start,
    place: nothing,
    signal: nothing,
    resize: () => {},
    standDown: nothing,
    keeping: (_, job) => job(),
    remove: nothing,
    attach: async () => Duplex.from([]),
    alone: (id, change) => change(find(id)),
    ended: end,
    removed: async () => 0,
    recover: nothing,
    close: nothing,
  };
}
