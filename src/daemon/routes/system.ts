import {encodeInfo, encodeVersion} from '../encode-system.ts';
import type {ServerParts} from '../parts.ts';
import {json, type Reply} from '../reply.ts';
import type {Route} from '../route.ts';

const pong = (): Reply => ({kind: 'text', status: 200, body: 'OK'});

export function systemRoutes({engine, images, facts, root, idMaps}: ServerParts): readonly Route[] {
  return [
    {method: 'GET', path: '/_ping', anywhere: true, handle: pong},
    {method: 'HEAD', path: '/_ping', anywhere: true, handle: pong},
    {method: 'GET', path: '/version', anywhere: true, handle: () => json(encodeVersion(facts))},
    {
      method: 'GET',
      path: '/info',
      handle: () => json({...encodeInfo(facts, engine.list(), {root, idMaps}), Images: images.list().length}),
    },
  ];
}
