import type {ServerParts} from '../parts.ts';
import {empty, json} from '../reply.ts';
import type {Route} from '../route.ts';

/** What Docker has no word for. */
export function tnetRoutes({controller, shutdown}: ServerParts): readonly Route[] {
  return [
    {method: 'GET', path: '/tnet/repair', handle: async () => json(await controller.repair({dryRun: true}))},
    {method: 'POST', path: '/tnet/repair', handle: async () => json(await controller.repair())},
    {
      method: 'POST',
      path: '/tnet/shutdown',
      handle() {
        shutdown();
        return empty(202);
      },
    },
  ];
}
