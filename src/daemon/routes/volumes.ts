import {TnetError} from '../../errors.ts';
import {isAnonymous, type Volume} from '../../model/volume.ts';
import {applyFilters, decodeFilters, type Filters, type Matchers, matchesLabel} from '../decode-filters.ts';
import {decodeVolume} from '../decode-volume.ts';
import {encodeVolume} from '../encode-mounts.ts';
import type {ServerParts} from '../parts.ts';
import {queryFlag} from '../query.ts';
import {empty, json, type Reply} from '../reply.ts';
import type {Call, Route} from '../route.ts';

export function volumeRoutes(parts: ServerParts): readonly Route[] {
  const {volumes} = parts;
  return [
    {method: 'GET', path: '/volumes', handle: call => list(parts, call)},
    {method: 'POST', path: '/volumes/create', handle: call => create(parts, call)},
    {method: 'POST', path: '/volumes/prune', handle: call => prune(parts, call)},
    {method: 'GET', path: '/volumes/:name', handle: ({params}) => json(encode(parts, volumes.get(params.name!)))},
    {method: 'DELETE', path: '/volumes/:name', handle: call => remove(parts, call)},
  ];
}

function encode({volumes}: ServerParts, volume: Volume): unknown {
  return encodeVolume(volume, volumes.mountpoint(volume.name));
}

function list(parts: ServerParts, {query}: Call): Reply {
  const {volumes} = parts;
  const found = applyFilters(volumes.list(), decodeFilters(query.get('filters')), matchers(volumes));
  const sorted = [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
  return json({Volumes: sorted.map(volume => encode(parts, volume)), Warnings: null});
}

function matchers({usersOf}: ServerParts['volumes']): Matchers<Volume> {
  return {
    name: ({name}, value) => name.includes(value),
    label: ({labels}, value) => matchesLabel(labels, value),
    driver: (_, value) => value === 'local',
    dangling: ({name}, value) => (usersOf(name).length === 0) === isTrue(value),
  };
}

async function create(parts: ServerParts, {body}: Call): Promise<Reply> {
  return json(encode(parts, await parts.volumes.create(decodeVolume(body))), 201);
}

/** With force, one that is not there is removed already. */
async function remove({volumes}: ServerParts, {params, query}: Call): Promise<Reply> {
  try {
    await volumes.remove(params.name!);
  } catch (error) {
    const missing = error instanceof TnetError && error.code === 'ERR_VOLUME_NOT_FOUND';
    if (!missing || !queryFlag(query, 'force')) throw error;
  }
  return empty();
}

const pruneMatchers: Matchers<Volume> = {
  label: ({labels}, value) => matchesLabel(labels, value),
  'label!': ({labels}, value) => !matchesLabel(labels, value),
  all: () => true,
};

/** Anonymous ones alone, unless `all` says otherwise: since API 1.42. */
async function prune({volumes}: ServerParts, {query}: Call): Promise<Reply> {
  const filters = decodeFilters(query.get('filters'));
  const candidates = applyFilters(volumes.list(), filters, pruneMatchers);
  const {names, bytes} = await volumes.prune(candidates.filter(volume => wantsAll(filters) || isAnonymous(volume)));
  return json({VolumesDeleted: names, SpaceReclaimed: bytes});
}

function wantsAll(filters: Filters): boolean {
  return (filters.get('all') ?? []).some(isTrue);
}

function isTrue(value: string): boolean {
  return ['1', 'true'].includes(value);
}
