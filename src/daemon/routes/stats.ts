import type {Stats} from '../../api/stats-types.ts';
import {TnetError} from '../../errors.ts';
import type {Attachment} from '../../model/attachment.ts';
import {encodeStats} from '../encode-stats.ts';
import type {ServerParts} from '../parts.ts';
import {json, type Reply} from '../reply.ts';
import type {Call, Route} from '../route.ts';
import {ownerNames} from '../views.ts';

/** `?name=`, repeatable: networks and containers; none means everything that is attached. */
export function statsRoutes(parts: ServerParts): readonly Route[] {
  return [{method: 'GET', path: '/tnet/stats', handle: call => stats(parts, call)}];
}

function stats(parts: ServerParts, {query}: Call): Reply {
  const {controller} = parts;
  const names = query.getAll('name');
  const attachments =
    names.length === 0
      ? controller.attachmentsOf({})
      : [...new Set(names.flatMap(name => attachmentsNamed(parts, name)))];
  const nameOf = ownerNames(parts);
  const networks = new Map(controller.list().map(({id, name}) => [id, name]));
  const answer: Stats = {
    ReadMs: performance.now(),
    Attachments: controller.stats(attachments).map(each =>
      encodeStats(each, {
        name: nameOf(each.attachment.owner),
        network: networks.get(each.attachment.network) ?? each.attachment.network,
      }),
    ),
  };
  return json(answer);
}

/** A network's name before a container's. */
function attachmentsNamed({controller, engine}: ServerParts, name: string): readonly Attachment[] {
  const network = unlessMissing('ERR_NETWORK_NOT_FOUND', () => controller.get(name));
  if (network !== null) return controller.attachmentsOf({network: network.id});
  const container = unlessMissing('ERR_CONTAINER_NOT_FOUND', () => engine.get(name));
  if (container !== null) return controller.attachmentsOf({owner: container.id});
  throw new TnetError('ERR_NETWORK_NOT_FOUND', `No such network or container: ${name}`);
}

function unlessMissing<T>(code: TnetError['code'], find: () => T): T | null {
  try {
    return find();
  } catch (error) {
    if (error instanceof TnetError && error.code === code) return null;
    throw error;
  }
}
