import {TnetError} from '../../errors.ts';
import {plainConfig} from '../../model/image.ts';
import type {Image} from '../../runtime/images/image.ts';
import {applyFilters, decodeFilters, type Matchers, matchesLabel} from '../decode-filters.ts';
import {encodeImage, encodeImageSummary} from '../encode-image.ts';
import {badRequest} from '../failure.ts';
import {parseImageChange} from '../parse-image-change.ts';
import type {ServerParts} from '../parts.ts';
import {json, type Reply} from '../reply.ts';
import type {Call, Route} from '../route.ts';

export function imageRoutes(parts: ServerParts): readonly Route[] {
  const {facts} = parts;
  return [
    {method: 'GET', path: '/images/json', handle: call => list(parts, call)},
    {method: 'POST', path: '/images/create', streamed: true, handle: call => create(parts, call)},
    {method: 'POST', path: '/images/prune', handle: call => prune(parts, call)},
    {
      method: 'GET',
      path: '/images/*ref/json',
      handle: ({params}) => json(encodeImage(find(parts, params.ref!), facts.architecture)),
    },
    {method: 'DELETE', path: '/images/*ref', handle: call => remove(parts, call)},
  ];
}

/** An inspection names what was asked for, without the tag that was added. */
function find({images}: ServerParts, ref: string): Image {
  try {
    return images.get(ref);
  } catch (cause) {
    throw new TnetError('ERR_IMAGE_NOT_FOUND', `No such image: ${ref}`, {cause});
  }
}

const matchers: Matchers<Image> = {
  reference: ({tags}, value) => tags.some(tag => tag === value || tag.startsWith(`${value}:`)),
  dangling: ({tags}, value) => (tags.length === 0) === ['1', 'true'].includes(value),
  label: ({stored}, value) => matchesLabel(stored?.config.labels ?? {}, value),
};

function list({images}: ServerParts, {query}: Call): Reply {
  const found = applyFilters(images.list(), decodeFilters(query.get('filters')), matchers);
  return json(found.map(image => encodeImageSummary(image, images.usersOf(image.id).length)));
}

/** An import with `fromSrc=-`; anything else is a pull. */
function create(parts: ServerParts, call: Call): Reply | Promise<Reply> {
  return call.query.has('fromSrc') ? importImage(parts, call) : pull(parts, call);
}

async function importImage({images}: ServerParts, {query, input}: Call): Promise<Reply> {
  const source = query.get('fromSrc');
  if (source !== '-')
    throw badRequest(`importing from "${source}" is not supported: send the archive, fromSrc=-`, 'ERR_UNSUPPORTED');
  const config = query.getAll('changes').reduce(parseImageChange, plainConfig);
  const tag = imageTag(query.get('repo') ?? '', query.get('tag') ?? '');
  const comment = query.get('message') ?? '';
  const {id} = await images.importArchive({archive: input, tag, config, comment});
  return json({status: id});
}

/** `name[:tag]`, the tag on its own or not; Docker's letters. */
function imageTag(repo: string, tag: string): string | null {
  if (repo === '') return null;
  const whole = /:[^/]*$/.test(repo) ? repo : `${repo}:${tag || 'latest'}`;
  if (!/^[a-z0-9]+(?:[._/:-]+[a-z0-9]+)*:[\w][\w.-]{0,127}$/.test(whole)) throw badRequest('invalid reference format');
  if (whole === 'host:latest') throw badRequest('"host" is the name of this machine\'s own image');
  return whole;
}

/** Docker's CLI comes here by itself when `run` finds no image, and with `--pull always`. */
function pull({images}: ServerParts, {query}: Call): Reply {
  const [image, tag] = [query.get('fromImage') ?? '', query.get('tag')];
  const name = `${image.replace(/^docker\.io\/(library\/)?/, '')}${tag ? `:${tag}` : ''}`;
  const found = images
    .list()
    .find(({tags, id}) => tags.includes(name) || name === id || tags.includes(`${name}:latest`));
  if (found && !found.stored) return json({status: `${name} is this machine's own root file system: it is up to date`});
  if (found) return json({status: `Image is up to date for ${name}`});
  throw new TnetError(
    'ERR_IMAGE_NOT_FOUND',
    `No such image: ${name}. Pulling is not supported; the image there is: host (this machine's own root file system, copy-on-write), and what "tnet image import" makes`,
  );
}

async function remove({images}: ServerParts, {params}: Call): Promise<Reply> {
  const {untagged, deleted} = await images.remove(params.ref!);
  return json([...untagged.map(Untagged => ({Untagged})), ...(deleted === null ? [] : [{Deleted: deleted}])]);
}

const pruneMatchers: Matchers<Image> = {
  label: matchers.label!,
  'label!': ({stored}, value) => !matchesLabel(stored?.config.labels ?? {}, value),
  dangling: () => true,
};

/** Those without a name; all that no container has with `dangling=false`. */
async function prune({images}: ServerParts, {query}: Call): Promise<Reply> {
  const filters = decodeFilters(query.get('filters'));
  const all = (filters.get('dangling') ?? []).some(value => ['0', 'false'].includes(value));
  const candidates = applyFilters(images.list(), filters, pruneMatchers).filter(
    ({id, stored, tags}) => stored && (all || tags.length === 0) && images.usersOf(id).length === 0,
  );
  for (const {id} of candidates) await images.remove(id);
  const bytes = candidates.reduce((sum, {stored}) => sum + (stored?.sizeBytes ?? 0), 0);
  const deleted = candidates.flatMap(({id, tags}) => [...tags.map(Untagged => ({Untagged})), {Deleted: id}]);
  return json({ImagesDeleted: deleted, SpaceReclaimed: bytes});
}
