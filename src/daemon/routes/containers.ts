import {TnetError} from '../../errors.ts';
import {isRunning} from '../../model/container.ts';
import type {Verbs} from '../../runtime/preview.ts';
import {containerFilter} from '../container-filters.ts';
import {decodeContainer, decodeContainerName} from '../decode-container.ts';
import {decodeFilters} from '../decode-filters.ts';
import {decodeUpdate} from '../decode-update.ts';
import {isDryRun, perform} from '../dry-run.ts';
import {encodeContainer} from '../encode-container.ts';
import {encodeContainerSummary} from '../encode-container-summary.ts';
import type {ContainerView} from '../encode-endpoint.ts';
import {badRequest, decoding} from '../failure.ts';
import type {ServerParts} from '../parts.ts';
import {pruneContainers as prune} from '../prune-containers.ts';
import {queryFlag, queryNatural, querySeconds, querySize, refuseParameters} from '../query.ts';
import {empty, json, type Reply} from '../reply.ts';
import type {Call, Route} from '../route.ts';
import {newestFirst, viewContainer} from '../views.ts';

/** Life of a container. What streams is in container-streams.ts. */
export function containerRoutes(parts: ServerParts): readonly Route[] {
  const {engine} = parts;
  return [
    {method: 'POST', path: '/containers/create', handle: call => perform(parts, call, create)},
    {method: 'GET', path: '/containers/json', handle: call => list(parts, call)},
    {method: 'GET', path: '/containers/:ref/json', handle: call => inspect(parts, call)},
    {method: 'POST', path: '/containers/:ref/start', handle: call => perform(parts, call, start)},
    {method: 'POST', path: '/containers/:ref/stop', handle: call => perform(parts, call, stop)},
    {
      method: 'POST',
      path: '/containers/:ref/restart',
      handle: ({params, query}) => done(engine.restart(params.ref!, ending(query))),
    },
    {
      method: 'POST',
      path: '/containers/:ref/rename',
      handle: ({params, query}) => done(engine.rename(params.ref!, newName(query))),
    },
    {method: 'POST', path: '/containers/prune', handle: call => prune(parts, call)},
    {
      method: 'POST',
      path: '/containers/:ref/kill',
      handle: ({params, query}) => done(engine.kill(params.ref!, query.get('signal') || 'SIGKILL')),
    },
    {method: 'POST', path: '/containers/:ref/pause', handle: ({params}) => done(engine.pause(params.ref!))},
    {method: 'POST', path: '/containers/:ref/unpause', handle: ({params}) => done(engine.unpause(params.ref!))},
    {method: 'POST', path: '/containers/:ref/update', handle: call => update(parts, call)},
    {method: 'POST', path: '/containers/:ref/resize', handle: call => resize(parts, call)},
    {method: 'DELETE', path: '/containers/:ref', handle: call => perform(parts, call, remove)},
  ];
}

async function done(work: Promise<unknown>): Promise<Reply> {
  await work;
  return empty();
}

/** Without a terminal there is nothing to do: Docker's CLI asks before it knows, and insists on an answer. */
function resize({engine}: ServerParts, {params, query}: Call): Reply {
  const {id, config, state} = engine.get(params.ref!);
  const size = querySize(query);
  if (config.streams.tty && state.status !== 'running')
    throw new TnetError('ERR_CONFLICT', `container ${id} is not running`);
  engine.resize(id, size);
  return empty(200);
}

function start({engine}: Verbs, {params}: Call): Promise<Reply> {
  return done(engine.start(params.ref!));
}

async function create({engine}: Verbs, {body, query}: Call): Promise<Reply> {
  const name = decodeContainerName(query.get('name'));
  const {config, warnings} = decoding(() => decodeContainer(body));
  try {
    const {id} = await engine.create(config, name);
    if (isDryRun(query)) await engine.start(id); // by itself it would show nothing
    return json({Id: id, Warnings: warnings}, 201);
  } catch (error) {
    throw asCreateError(error);
  }
}

/** To Docker's CLI a 404 means here that the image is missing, and it would pull; a missing network must be something else. */
function asCreateError(error: unknown): unknown {
  const missing =
    error instanceof TnetError && (error.code === 'ERR_NETWORK_NOT_FOUND' || error.code === 'ERR_CONTAINER_NOT_FOUND');
  return missing ? new TnetError('ERR_BAD_REQUEST', error.message, {cause: error}) : error;
}

async function list(parts: ServerParts, {query}: Call): Promise<Reply> {
  const filters = decodeFilters(query.get('filters'));
  const limit = query.get('limit') === '-1' ? null : queryNatural(query, 'limit');
  const all = queryFlag(query, 'all') || Boolean(limit) || filters.has('status');
  const containers = parts.engine.list().filter(({state}) => all || isRunning(state));
  const views = newestFirst(containers).map(container => viewContainer(parts, container));
  const wanted = views.filter(containerFilter(filters, parts.engine)).slice(0, limit || undefined);
  const measured = queryFlag(query, 'size') ? await measure(parts, wanted) : wanted;
  return json(measured.map(view => encodeContainerSummary(view, parts.now())));
}

/** One after the other: whoever asks for sizes can wait, the others cannot. One that is gone by then is left out. */
async function measure({engine}: ServerParts, views: readonly ContainerView[]): Promise<readonly ContainerView[]> {
  const measured: ContainerView[] = [];
  for (const view of views) {
    const size = await engine.size(view.container.id).catch(() => undefined);
    if (size !== undefined) measured.push({...view, size});
  }
  return measured;
}

async function inspect(parts: ServerParts, {params, query}: Call): Promise<Reply> {
  const found = viewContainer(parts, parts.engine.get(params.ref!));
  const [view = found] = queryFlag(query, 'size') ? await measure(parts, [found]) : [];
  const execs = parts.engine.execs.of(view.container.id);
  return json(encodeContainer({...view, execs, counters: parts.controller.stats(view.attachments)}));
}

function stop({engine}: Verbs, {params, query}: Call): Promise<Reply> {
  return done(engine.stop(params.ref!, ending(query)));
}

async function update({engine}: ServerParts, {params, body}: Call): Promise<Reply> {
  const {id} = engine.get(params.ref!);
  await engine.update(id, decodeUpdate(body));
  return json({Warnings: null});
}

function ending(query: URLSearchParams): {timeoutS: number | null; signal: string | null} {
  return {timeoutS: querySeconds(query, 't'), signal: query.get('signal') || null};
}

function newName(query: URLSearchParams): string {
  const name = decodeContainerName(query.get('name'));
  if (name === null) throw badRequest('Neither old nor new names may be empty');
  return name;
}

async function remove({engine}: Verbs, {params, query}: Call): Promise<Reply> {
  refuseParameters(query, ['link']);
  const container = engine.get(params.ref!);
  try {
    const volumes = queryFlag(query, 'v') ? 'remove' : 'keep';
    await engine.remove(container.id, {force: queryFlag(query, 'force'), volumes});
  } catch (error) {
    if (!(error instanceof TnetError) || error.code !== 'ERR_CONTAINER_NOT_FOUND') throw error; // --rm was faster
  }
  return empty();
}
