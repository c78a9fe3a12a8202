import type {ServerParts} from '../parts.ts';
import {answerDocker} from '../plugins/docker/answer-docker.ts';
import type {Call, Route} from '../route.ts';

/** Where dockerd finds its network and IPAM driver `tnet` (`tnet plugin install --docker`). */
export function dockerPluginRoutes(parts: ServerParts): readonly Route[] {
  return ['Plugin', 'NetworkDriver', 'IpamDriver'].map(room => ({
    method: 'POST',
    path: `/${room}.:method`,
    raw: true as const,
    handle: ({params, body}: Call) =>
      answerDocker(parts, `${room}.${params.method}`, (body ?? Buffer.alloc(0)) as Buffer),
  }));
}
