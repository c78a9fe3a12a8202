import {Duplex} from 'node:stream';
import {TnetError} from '../errors.ts';
import type {Container} from '../model/container.ts';
import {findContainer} from './find-container.ts';
import {joinNetworks} from './join-networks.ts';
import type {Life, LifeParts} from './life.ts';
import {containerPlaces} from './places.ts';
import {sharedSandbox} from './shared-sandbox.ts';
import {createUndo} from './undo.ts';

/** A life in which a start joins its networks and no process ever runs. Only as harmless as the controller it is given. */
export function pretendLife(parts: Pick<LifeParts, 'store' | 'controller' | 'roots' | 'resolveImage'>): Life {
  const {containers} = parts.store.state;
  const find = (id: string): Container => findContainer(containers, id);
  const start = async (id: string): Promise<void> => {
    const container = find(id);
    if (container.state.status === 'running')
      throw new TnetError('ERR_NOT_MODIFIED', `container ${id} is already running`);
    parts.resolveImage(container.config.image);
    const shared = sharedSandbox(container, {containers, roots: parts.roots});
    await joinNetworks(parts, {container, sharedSandbox: shared}, createUndo());
  };
  /** Its processes gone, it leaves its networks; as cleanUpRun() does. */
  const end = async (id: string): Promise<number> => {
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
    remove: nothing,
    attach: async () => Duplex.from([]),
    alone: (id, change) => change(find(id)),
    ended: end,
    removed: async () => 0,
    recover: nothing,
    close: nothing,
  };
}
