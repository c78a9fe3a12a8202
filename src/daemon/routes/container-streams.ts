import type {WaitResult} from '../../api/engine-types.ts';
import type {LogOptions} from '../../runtime/engine.ts';
import {encodeLogLine} from '../encode-log.ts';
import {badRequest} from '../failure.ts';
import {mapAsync} from '../map-async.ts';
import type {ServerParts} from '../parts.ts';
import {queryFlag, queryNatural, refuseParameters} from '../query.ts';
import {type Reply, stream} from '../reply.ts';
import type {Call, Hijacked, HijackRoute, Route} from '../route.ts';

const multiplexed = 'application/vnd.docker.multiplexed-stream';

export function containerStreamRoutes(parts: ServerParts): readonly Route[] {
  return [
    {method: 'POST', path: '/containers/:ref/wait', handle: call => wait(parts, call)},
    {method: 'GET', path: '/containers/:ref/logs', handle: call => logs(parts, call)},
  ];
}

export function attachRoutes(parts: ServerParts): readonly HijackRoute[] {
  return [{method: 'POST', path: '/containers/:ref/attach', hijack: call => attach(parts, call)}];
}

const conditions = ['not-running', 'next-exit', 'removed'] as const;

/** The wait has begun when the header goes out, so that a start after it cannot be missed. */
function wait({engine}: ServerParts, {params, query}: Call): Reply {
  const wanted = query.get('condition') || 'not-running';
  const condition = conditions.find(known => known === wanted);
  if (condition === undefined) throw badRequest(`invalid condition: "${wanted}"`);
  const {id} = engine.get(params.ref!);
  const result = engine.wait(id, condition).then(
    (code): WaitResult => ({StatusCode: code, Error: null}),
    (error: Error): WaitResult => ({StatusCode: 125, Error: {Message: error.message}}),
  );
  return stream('application/json', once(result));
}

async function* once(result: Promise<WaitResult>): AsyncGenerator<string> {
  yield `${JSON.stringify(await result)}\n`;
}

function logs({engine}: ServerParts, {params, query}: Call): Reply {
  refuseParameters(query, ['since', 'until', 'details']);
  const options = decodeLogOptions(query);
  const timestamps = queryFlag(query, 'timestamps');
  const {id} = engine.get(params.ref!);
  return stream(
    multiplexed,
    mapAsync(engine.logs(id, options), line => encodeLogLine(line, timestamps)),
  );
}

/** `tail=all`, as Docker's CLI of old says it, and nothing are the same. */
function decodeLogOptions(query: URLSearchParams): LogOptions {
  const [stdout, stderr] = [queryFlag(query, 'stdout'), queryFlag(query, 'stderr')];
  if (!stdout && !stderr) throw badRequest('Bad parameters: you must choose at least one stream');
  const tail = query.get('tail') === 'all' ? null : queryNatural(query, 'tail');
  return {stdout, stderr, follow: queryFlag(query, 'follow'), tail};
}

async function attach({engine}: ServerParts, {params, query}: Call): Promise<Hijacked> {
  refuseParameters(query, ['logs']);
  const streams = {stdout: queryFlag(query, 'stdout'), stderr: queryFlag(query, 'stderr')};
  const {id, config} = engine.get(params.ref!);
  return {stream: await engine.attach(id), stdin: queryFlag(query, 'stdin') && config.openStdin, ...streams};
}
