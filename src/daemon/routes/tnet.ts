import * as v from 'valibot';
import {type PortMapping, parsePortMapping} from '../../model/port-mapping.ts';
import {badRequest, decoding} from '../failure.ts';
import type {ServerParts} from '../parts.ts';
import {empty, json} from '../reply.ts';
import type {Call, Route} from '../route.ts';
import {labels, text, validate} from '../validate.ts';

/** Options of an attachment; an empty one is taken back. */
const limitBody = v.object({Container: text, Options: labels});

/** What Docker has no word for. */
export function tnetRoutes({controller, engine, shutdown}: ServerParts): readonly Route[] {
  return [
    {method: 'GET', path: '/tnet/repair', handle: async () => json(await controller.repair({dryRun: true}))},
    {method: 'POST', path: '/tnet/repair', handle: async () => json(await controller.repair())},
    {
      method: 'POST',
      path: '/tnet/containers/:ref/ports',
      async handle(call) {
        await engine.publish(call.params.ref!, publishOf(call));
        return empty();
      },
    },
    {
      method: 'DELETE',
      path: '/tnet/containers/:ref/ports',
      async handle(call) {
        await engine.unpublish(call.params.ref!, publishOf(call));
        return empty();
      },
    },
    {
      method: 'POST',
      path: '/tnet/networks/:ref/limit',
      async handle({params, body}) {
        const {Container, Options} = validate(limitBody, body);
        await engine.configure(Container, {network: params.ref!, options: Options});
        return empty();
      },
    },
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

/** `?publish=8080:80/tcp`, in the words of `-p`. */
function publishOf({query}: Call): PortMapping {
  const text = query.get('publish');
  if (text === null) throw badRequest('publish is missing: want [[ip:]hostPort:]containerPort[/proto]');
  return decoding(() => parsePortMapping(text));
}
