import type {TopologyAnswer} from '../../api/topology.ts';
import type {ServerParts} from '../parts.ts';
import {json} from '../reply.ts';
import type {Route} from '../route.ts';

export function topologyRoutes({controller, engine}: ServerParts): readonly Route[] {
  const topology = (): TopologyAnswer => ({
    networks: controller.list(),
    attachments: controller.attachmentsOf({}),
    containers: engine
      .list()
      .filter(({state}) => state.status === 'running')
      .map(({id, name, config}) => ({id, name, network: config.network})),
  });
  return [{method: 'GET', path: '/tnet/topology', handle: () => json(topology())}];
}
