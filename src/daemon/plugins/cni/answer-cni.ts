import {tnetVersion} from '../../../api/version.ts';
import type {ServerParts} from '../../parts.ts';
import {type PluginAnswer, type PluginCall, succeeded} from '../plugin-call.ts';
import {collect} from './collect.ts';
import {
  answerVersion,
  CniError,
  type CniRequest,
  cniCodes,
  decodeCniRequest,
  encodeCniError,
  isVerb,
  specVersions,
  type Verb,
  versionOf,
} from './contract.ts';
import type {CniParts} from './plugin.ts';
import {plugins} from './plugins.ts';

/** The names a CNI configuration can call us by. */
export const cniPlugins: readonly string[] = Object.keys(plugins);

export async function answerCni(parts: ServerParts, call: PluginCall): Promise<PluginAnswer> {
  const {CNI_COMMAND: verb} = call.env;
  if (!verb) return describeItself(call.name);
  try {
    if (!isVerb(verb)) throw new CniError(cniCodes.environment, `unknown CNI_COMMAND: ${verb}`);
    if (verb === 'VERSION') return answerVersion(call);
    const result = await verbs[verb](parts, decodeCniRequest(call, verb));
    return succeeded(result === undefined ? '' : `${JSON.stringify(result)}\n`);
  } catch (error) {
    return encodeCniError(error, versionOf(call.input));
  }
}

type Answer = (parts: CniParts, request: CniRequest) => Promise<object | undefined>;

const pluginOf = ({plugin}: CniRequest) => plugins[plugin]!;

const verbs: Readonly<Record<Exclude<Verb, 'VERSION'>, Answer>> = {
  ADD: (parts, request) => pluginOf(request).add(parts, request),
  DEL: silent((parts, request) => pluginOf(request).del(parts, request)),
  CHECK: silent((parts, request) => pluginOf(request).check?.(parts, request)),
  STATUS: silent((parts, request) => pluginOf(request).status?.(parts, request)),
  GC: silent(collect),
};

/** Only ADD has something to say. */
function silent(verb: (parts: CniParts, request: CniRequest) => Promise<void> | undefined): Answer {
  return async (parts, request) => {
    await verb(parts, request);
    return undefined;
  };
}

function describeItself(name: string): PluginAnswer {
  const lines = [`CNI ${name} plugin v${tnetVersion}`, `CNI protocol versions supported: ${specVersions.join(', ')}`];
  return {code: 0, stdout: '', stderr: `${lines.join('\n')}\n`};
}
