import {encodeChange, encodePathStat} from '../encode-archive.ts';
import {badRequest} from '../failure.ts';
import type {ServerParts} from '../parts.ts';
import {queryFlag} from '../query.ts';
import {empty, json, type Reply} from '../reply.ts';
import type {Call, Route} from '../route.ts';

/** What `cp` and `diff` ask for. */
export function archiveRoutes(parts: ServerParts): readonly Route[] {
  const path = '/containers/:ref/archive';
  return [
    {method: 'HEAD', path, handle: call => stat(parts, call)},
    {method: 'GET', path, handle: call => get(parts, call)},
    {method: 'PUT', path, streamed: true, handle: call => put(parts, call)},
    {method: 'GET', path: '/containers/:ref/changes', handle: call => changes(parts, call)},
  ];
}

async function stat({archives}: ServerParts, {params, query}: Call): Promise<Reply> {
  const status = await archives.stat(params.ref!, pathOf(query));
  return {kind: 'empty', status: 200, headers: {'x-docker-container-path-stat': encodePathStat(status)}};
}

async function get({archives}: ServerParts, {params, query}: Call): Promise<Reply> {
  const {status, archive} = await archives.pack(params.ref!, pathOf(query));
  const headers = {'x-docker-container-path-stat': encodePathStat(status)};
  return {kind: 'stream', type: 'application/x-tar', chunks: archive, headers};
}

async function put({archives}: ServerParts, {params, query, input}: Call): Promise<Reply> {
  const mode = queryFlag(query, 'noOverwriteDirNonDir') ? 'keep' : 'replace';
  await archives.unpack(params.ref!, pathOf(query), {archive: input, mode});
  return empty(200);
}

async function changes({archives}: ServerParts, {params}: Call): Promise<Reply> {
  return json((await archives.changes(params.ref!)).map(encodeChange));
}

/** Relative to the root; a slash or `/.` at its end has a meaning and stays. */
function pathOf(query: URLSearchParams): string {
  const path = query.get('path') ?? '';
  if (path === '') throw badRequest('Bad parameter: path is empty');
  if (path.includes('\0')) throw badRequest('Bad parameter: path contains a NUL byte');
  return path.startsWith('/') ? path : `/${path}`;
}
