import {TnetError} from '../../errors.ts';
import {hostImage, imageInspect, imageSummary, isHostImage} from '../host-image.ts';
import type {ServerParts} from '../parts.ts';
import {json, type Reply} from '../reply.ts';
import type {Call, Route} from '../route.ts';

export function imageRoutes({engine, facts}: ServerParts): readonly Route[] {
  return [
    {method: 'GET', path: '/images/json', handle: () => json([imageSummary(engine.list().length)])},
    {method: 'POST', path: '/images/create', handle: pull},
    {method: 'GET', path: '/images/*ref/json', handle: ({params}) => inspect(params.ref!, facts.architecture)},
  ];
}

function inspect(ref: string, architecture: string): Reply {
  if (isHostImage(ref)) return json(imageInspect(architecture));
  throw new TnetError('ERR_IMAGE_NOT_FOUND', `No such image: ${ref}`);
}

/** Docker's CLI comes here by itself when `run` finds no image, and with `--pull always`. */
function pull({query}: Call): Reply {
  const [image, tag] = [query.get('fromImage') ?? query.get('fromSrc') ?? '', query.get('tag')];
  const name = `${image.replace(/^docker\.io\/(library\/)?/, '')}${tag ? `:${tag}` : ''}`;
  if (isHostImage(name)) return json({status: `${name} is this machine's own root file system: it is up to date`});
  throw new TnetError(
    'ERR_IMAGE_NOT_FOUND',
    `No such image: ${name}. Pulling is not supported; the image there is: ${hostImage.name} (this machine's own root file system, copy-on-write)`,
  );
}
