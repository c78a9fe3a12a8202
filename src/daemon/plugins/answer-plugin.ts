import type {ServerParts} from '../parts.ts';
import {answerCni, cniPlugins} from './cni/answer-cni.ts';
import {answerNetavark} from './netavark/answer-netavark.ts';
import {answerNetavarkPlugin, isNetavarkPluginCall} from './netavark/answer-netavark-plugin.ts';
import {answerOci} from './oci/answer-oci.ts';
import type {PluginAnswer, PluginCall} from './plugin-call.ts';

type Answer = (parts: ServerParts, call: PluginCall) => Promise<PluginAnswer>;

/** By the name it was called by. Never throws: failures are told in the caller's own format. */
const faces: Readonly<Record<string, Answer>> = {
  ...Object.fromEntries(cniPlugins.map(name => [name, answerCni])),
  tnet: (parts, call) => (isNetavarkPluginCall(call) ? answerNetavarkPlugin : answerCni)(parts, call),
  netavark: answerNetavark,
  'tnet-oci-hook': answerOci,
};

export async function answerPlugin(parts: ServerParts, call: PluginCall): Promise<PluginAnswer> {
  const face = Object.hasOwn(faces, call.name) ? faces[call.name] : undefined;
  if (face) return face(parts, call);
  const known = Object.keys(faces).join(', ');
  return {
    code: 1,
    stdout: '',
    stderr: `tnet-plugin: "${call.name}" is no plugin of ours: link it as one of ${known}\n`,
  };
}
