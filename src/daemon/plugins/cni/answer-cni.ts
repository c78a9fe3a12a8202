import {tnetVersion} from '../../../api/version.ts';
import type {ServerParts} from '../../parts.ts';
import type {PluginAnswer, PluginCall} from '../plugin-call.ts';
import {answerVersion, CniError, cniCodes, decodeCniRequest, encodeCniError, isVerb, specVersions} from './contract.ts';

/** The names a CNI configuration can call us by: ours, and those of the reference plugins we stand in for. */
export const cniPlugins: readonly string[] = ['tnet-cni'];

export async function answerCni(_parts: ServerParts, call: PluginCall): Promise<PluginAnswer> {
  const {CNI_COMMAND: verb} = call.env;
  if (!verb) return describeItself(call.name);
  try {
    if (!isVerb(verb)) throw new CniError(cniCodes.environment, `unknown CNI_COMMAND: ${verb}`);
    if (verb === 'VERSION') return answerVersion(call);
    const request = decodeCniRequest(call, verb);
    throw new CniError(cniCodes.unsupported, `${request.plugin}: ${verb} is not there yet`);
  } catch (error) {
    return encodeCniError(error, '1.1.0');
  }
}

function describeItself(name: string): PluginAnswer {
  const lines = [`CNI ${name} plugin v${tnetVersion}`, `CNI protocol versions supported: ${specVersions.join(', ')}`];
  return {code: 0, stdout: '', stderr: `${lines.join('\n')}\n`};
}
