import {tnetVersion} from '../../../api/version.ts';
import {badRequest} from '../../failure.ts';
import type {ServerParts} from '../../parts.ts';
import {type PluginAnswer, type PluginCall, succeeded} from '../plugin-call.ts';
import {readDefaultLink} from './default-link.ts';
import {decodePluginJoining} from './input.ts';
import type {NetavarkParts} from './parts.ts';
import {completePluginNetwork} from './plugin-network.ts';
import {setUp, tearDown} from './set-up.ts';

/** CNI's plugins are called without arguments, netavark's with a verb: so one file `tnet` can be both. */
export function isNetavarkPluginCall({args, env}: PluginCall): boolean {
  return args.length > 0 && env.CNI_COMMAND === undefined;
}

/** As a plugin of a netavark that is not ours: https://github.com/containers/netavark/blob/main/plugin-API.md. */
export async function answerNetavarkPlugin(parts: ServerParts, call: PluginCall): Promise<PluginAnswer> {
  try {
    const [verb = 'info', netns] = call.args;
    const answer = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (answer === undefined) throw badRequest(`unknown command "${verb}": want ${Object.keys(verbs).join(', ')}`);
    const reply = await answer({...parts, defaultLink: readDefaultLink}, call.input, netns);
    return succeeded(reply === null ? '' : `${JSON.stringify(reply)}\n`);
  } catch (error) {
    return {code: 1, stdout: `${JSON.stringify({error: (error as Error).message})}\n`, stderr: ''};
  }
}

type Verb = (parts: NetavarkParts, input: string, netns: string | undefined) => Promise<object | null>;

const verbs: Readonly<Record<string, Verb>> = {
  info: async () => ({version: tnetVersion, api_version: '1.0.0', description: 'networks of tnet'}),
  create: async ({controller}, input) => completePluginNetwork(input, controller.list()),
  async setup(parts, input, netns) {
    if (netns === undefined) throw badRequest('setup needs the path of a network namespace');
    const joining = decodePluginJoining(input);
    const blocks = await setUp(parts, joining, netns);
    return blocks[joining.networks[0]!.info.name]!;
  },
  async teardown(parts, input) {
    await tearDown(parts, decodePluginJoining(input));
    return null;
  },
};
