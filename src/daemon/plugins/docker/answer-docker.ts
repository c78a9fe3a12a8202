import {describeFailure} from '../../failure.ts';
import type {ServerParts} from '../../parts.ts';
import {parseJson} from '../../read-json.ts';
import {json, type Reply} from '../../reply.ts';
import type {DockerMethods} from './docker-method.ts';
import {ipamDriver} from './ipam-driver.ts';
import {networkDriver} from './network-driver.ts';

/** By the path that dockerd posts to: `/NetworkDriver.CreateNetwork`. */
const methods: DockerMethods = {
  'Plugin.Activate': async () => ({Implements: ['NetworkDriver', 'IpamDriver']}),
  ...networkDriver,
  ...ipamDriver,
};

/**
 * Docker's remote driver protocol, v1. An error is 500 whatever it is: 404 is "this plugin has no such method" to dockerd, which
 * goes on without. Methods of swarms and of newer Dockers are such.
 */
export async function answerDocker(
  {controller, log}: Pick<ServerParts, 'controller' | 'log'>,
  name: string,
  body: Buffer,
): Promise<Reply> {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) return json({Err: `tnet has no method ${name}`}, 404);
  try {
    return json(await method(controller, parseJson(body) ?? {}));
  } catch (error) {
    const {bug, body: answer} = describeFailure(error);
    if (bug) log.error(name, error);
    return json({Err: answer.message}, 500);
  }
}
