import {isPredefined, type Network} from '../../model/network.ts';
import type {Verbs} from '../../runtime/preview.ts';
import {decodeConnect} from '../decode-endpoints.ts';
import {applyFilters, decodeFilters, type Matchers, matchesLabel} from '../decode-filters.ts';
import {decodeNetwork} from '../decode-network.ts';
import {decodePruneFilters} from '../decode-prune-filters.ts';
import {perform} from '../dry-run.ts';
import {encodeDriver, encodeNetwork} from '../encode-network.ts';
import {badRequest, decoding} from '../failure.ts';
import type {ServerParts} from '../parts.ts';
import {empty, json, type Reply} from '../reply.ts';
import type {Call, Route} from '../route.ts';
import {ownerNames} from '../views.ts';

export function networkRoutes(parts: ServerParts): readonly Route[] {
  return [
    {method: 'GET', path: '/networks', handle: call => list(parts, call)},
    {method: 'POST', path: '/networks/create', handle: call => perform(parts, call, create)},
    {method: 'POST', path: '/networks/prune', handle: call => perform(parts, call, prune(parts.now))},
    {method: 'GET', path: '/networks/:ref', handle: call => inspect(parts, call)},
    {method: 'POST', path: '/networks/:ref/connect', handle: call => perform(parts, call, connect)},
    {method: 'POST', path: '/networks/:ref/disconnect', handle: call => perform(parts, call, disconnect)},
    {method: 'DELETE', path: '/networks/:ref', handle: call => perform(parts, call, remove)},
  ];
}

function list({controller}: ServerParts, {query}: Call): Reply {
  const busy = (id: string): boolean => controller.attachmentsOf({network: id}).length > 0;
  const networks = applyFilters(controller.list(), decodeFilters(query.get('filters')), matchers(busy));
  return json(networks.map(network => encodeNetwork(network, [], String)));
}

function matchers(busy: (id: string) => boolean): Matchers<Network> {
  return {
    id: ({id}, value) => id.startsWith(value),
    name: ({name}, value) => matchesName(name, value),
    driver: (network, value) => encodeDriver(network) === value,
    label: ({labels}, value) => matchesLabel(labels, value),
    scope: (_, value) => value === 'local',
    type: (network, value) => isPredefined(network.name) === isBuiltin(value),
    dangling: (network, value) => (!isPredefined(network.name) && !busy(network.id)) === isTrue(value),
  };
}

/** A part of it, or a regular expression. */
function matchesName(name: string, value: string): boolean {
  try {
    return name.includes(value) || new RegExp(value).test(name);
  } catch {
    return false;
  }
}

function isBuiltin(value: string): boolean {
  if (value !== 'builtin' && value !== 'custom') throw badRequest(`invalid filter: 'type'='${value}'`);
  return value === 'builtin';
}

function isTrue(value: string): boolean {
  if (!['0', '1', 'true', 'false'].includes(value)) throw badRequest(`invalid filter 'dangling=[${value}]'`);
  return value === '1' || value === 'true';
}

async function create({controller}: Verbs, {body}: Call): Promise<Reply> {
  const {id} = await controller.create(decoding(() => decodeNetwork(body)));
  return json({Id: id, Warning: ''}, 201);
}

function inspect(parts: ServerParts, {params}: Call): Reply {
  const network = parts.controller.get(params.ref!);
  return json(encodeNetwork(network, parts.controller.attachmentsOf({network: network.id}), ownerNames(parts)));
}

async function remove({controller}: Verbs, {params}: Call): Promise<Reply> {
  await controller.remove(params.ref!);
  return empty();
}

async function connect({controller, engine}: Verbs, {params, body}: Call): Promise<Reply> {
  const {name} = controller.get(params.ref!);
  const {container, endpoint} = decodeConnect(body, name);
  await engine.connect(container, endpoint);
  return empty(200);
}

async function disconnect({controller, engine}: Verbs, {params, body}: Call): Promise<Reply> {
  const {name} = controller.get(params.ref!);
  await engine.disconnect(decodeConnect(body, name).container, name);
  return empty(200);
}

/** A stopped container does not protect its network, as with Docker: only what is attached counts. */
/** Docker knows of it, and asks for it to be removed itself. */
const isDockers = (name: string): boolean => name.startsWith('docker:');

const prune =
  (now: () => Date) =>
  async ({controller}: Verbs, {query}: Call): Promise<Reply> => {
    const candidates = controller.list().filter(decodePruneFilters(query.get('filters'), now()));
    const deleted: string[] = [];
    for (const {id, name} of candidates) {
      if (isPredefined(name) || isDockers(name) || controller.attachmentsOf({network: id}).length > 0) continue;
      await controller.remove(id);
      deleted.push(name);
    }
    return json({NetworksDeleted: deleted});
  };
