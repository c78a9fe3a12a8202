import {Duplex} from 'node:stream';
import {parseDetachKeys} from '../../api/detach-keys.ts';
import type {WaitResult} from '../../api/engine-types.ts';
import type {Container} from '../../model/container.ts';
import {containerEvent} from '../../model/event.ts';
import type {LogOptions} from '../../runtime/logs/log-line.ts';
import {encodeLogLine} from '../encode-log.ts';
import {badRequest, decoding} from '../failure.ts';
import {mapAsync} from '../map-async.ts';
import type {ServerParts} from '../parts.ts';
import {queryFlag, queryNatural, queryTimeNs} from '../query.ts';
import {type Reply, stream} from '../reply.ts';
import {type Call, type Hijacked, type HijackRoute, mediaType, type Route} from '../route.ts';

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
  const options = decodeLogOptions(query);
  const {id, config} = engine.get(params.ref!);
  const {tty} = config.streams;
  const format = {tty, timestamps: queryFlag(query, 'timestamps'), details: queryFlag(query, 'details')};
  return stream(
    mediaType(tty),
    mapAsync(engine.logs(id, options), line => encodeLogLine(line, format)),
  );
}

/** `tail=all`, as Docker's CLI of old says it, and nothing are the same. */
function decodeLogOptions(query: URLSearchParams): LogOptions {
  const [stdout, stderr] = [queryFlag(query, 'stdout'), queryFlag(query, 'stderr')];
  if (!stdout && !stderr) throw badRequest('Bad parameters: you must choose at least one stream');
  const tail = query.get('tail') === 'all' ? null : queryNatural(query, 'tail');
  const span = {sinceNs: orOpen(queryTimeNs(query, 'since')), untilNs: orOpen(queryTimeNs(query, 'until'))};
  return {stdout, stderr, follow: queryFlag(query, 'follow'), tail, ...span};
}

/** Docker's CLI writes 0 for an end that is open. */
function orOpen(ns: bigint | null): bigint | null {
  return ns === 0n ? null : ns;
}

async function attach({engine, events, now}: ServerParts, {params, query}: Call): Promise<Hijacked> {
  const detachKeys = decoding(() => parseDetachKeys(query.get('detachKeys') ?? ''));
  const container = engine.get(params.ref!);
  const {openStdin, streams} = container.config;
  const live = !query.has('stream') || queryFlag(query, 'stream');
  const duplex = live ? await engine.attach(container.id) : Duplex.from([]);
  return {
    stream: duplex,
    stdin: queryFlag(query, 'stdin') && openStdin,
    stdout: queryFlag(query, 'stdout'),
    stderr: queryFlag(query, 'stderr'),
    tty: streams.tty,
    endsStdin: streams.stdinOnce,
    detachKeys: streams.tty ? detachKeys : null,
    onDetach: () => events.emit(containerEvent(container, 'detach')),
    ...(queryFlag(query, 'logs') ? {before: pastOutput(engine, container, now())} : {}),
  };
}

/** What had been written when the stream was joined: what came later is in that. Up to the end of the millisecond: rather twice than never. */
function pastOutput(engine: ServerParts['engine'], {id}: Container, now: Date): AsyncIterable<Buffer> {
  const untilNs = BigInt(now.getTime()) * 1_000_000n + 999_999n;
  const lines = engine.logs(id, {stdout: true, stderr: true, follow: false, tail: null, sinceNs: null, untilNs});
  return mapAsync(lines, line => encodeLogLine(line, {timestamps: false, details: false, tty: false}));
}
