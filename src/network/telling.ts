import type {Emit} from '../model/event.ts';
import type {Network} from '../model/network.ts';
import type {Controller} from './controller.ts';

/** The same controller; what it does to networks is told, as Docker tells it. */
export function tellingController(controller: Controller, emit: Emit): Controller {
  const tell = ({id, name, driver}: Network, action: string, container?: string): void =>
    emit({type: 'network', action, id, attributes: {...(container ? {container} : {}), name, type: driver}});
  return {
    ...controller,
    async create(spec) {
      const network = await controller.create(spec);
      tell(network, 'create');
      return network;
    },
    async remove(ref) {
      const network = controller.get(ref);
      await controller.remove(ref);
      tell(network, 'destroy');
    },
    async attach(spec) {
      const attachment = await controller.attach(spec);
      tell(controller.get(attachment.network), 'connect', attachment.owner);
      return attachment;
    },
    async detach(...ids) {
      const leaving = controller
        .attachmentsOf({})
        .filter(({id}) => ids.includes(id))
        .map(({network, owner}) => ({network: controller.get(network), owner}));
      await controller.detach(...ids);
      for (const {network, owner} of leaving) tell(network, 'disconnect', owner);
    },
  };
}
