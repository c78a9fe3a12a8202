import * as v from 'valibot';
import {type PortMapping, parsePortMapping} from '../../model/port-mapping.ts';
import type {Verbs} from '../../runtime/preview.ts';
import {perform} from '../dry-run.ts';
import {badRequest, decoding} from '../failure.ts';
import type {ServerParts} from '../parts.ts';
import {empty, json, type Reply} from '../reply.ts';
import type {Call, Route} from '../route.ts';
import {labels, text, validate} from '../validate.ts';

/** Options of an attachment; an empty one is taken back. */
const limitBody = v.object({Container: text, Options: labels});

/** What Docker has no word for. */
export function tnetRoutes(parts: ServerParts): readonly Route[] {
  const {controller, shutdown} = parts;
  return [
    {method: 'GET', path: '/tnet/repair', handle: async () => json(await controller.repair({dryRun: true}))},
    {method: 'POST', path: '/tnet/repair', handle: call => perform(parts, call, repair)},
    {
      method: 'POST',
      path: '/tnet/containers/:ref/ports',
      handle: call => perform(parts, call, publish),
    },
    {
      method: 'DELETE',
      path: '/tnet/containers/:ref/ports',
      handle: call => perform(parts, call, unpublish),
    },
    {
      method: 'POST',
      path: '/tnet/networks/:ref/limit',
      handle: call => perform(parts, call, limit),
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

async function publish({engine}: Verbs, call: Call): Promise<Reply> {
  await engine.publish(call.params.ref!, publishOf(call));
  return empty();
}

async function unpublish({engine}: Verbs, call: Call): Promise<Reply> {
  await engine.unpublish(call.params.ref!, publishOf(call));
  return empty();
}

async function limit({engine}: Verbs, {params, body}: Call): Promise<Reply> {
  const {Container, Options} = validate(limitBody, body);
  await engine.configure(Container, {network: params.ref!, options: Options});
  return empty();
}

async function repair({controller}: Verbs): Promise<Reply> {
  return json(await controller.repair());
}

/** `?publish=8080:80/tcp`, in the words of `-p`. */
function publishOf({query}: Call): PortMapping {
  const text = query.get('publish');
  if (text === null) throw badRequest('publish is missing: want [[ip:]hostPort:]containerPort[/proto]');
  return decoding(() => parsePortMapping(text));
}
