import type {ServerParts} from '../parts.ts';
import {answerPlugin} from '../plugins/answer-plugin.ts';
import {decodePluginCall} from '../plugins/plugin-call.ts';
import type {Reply} from '../reply.ts';
import type {Call, Route} from '../route.ts';

/** What addon/plugin sends. A failure of the call itself is an answer too, in its caller's own format. */
export function pluginRoutes(parts: ServerParts): readonly Route[] {
  return [{method: 'POST', path: '/tnet/plugin', raw: true, handle: call => answer(parts, call)}];
}

async function answer(parts: ServerParts, {body}: Call): Promise<Reply> {
  const {code, stdout, stderr} = await answerPlugin(parts, decodePluginCall((body ?? Buffer.alloc(0)) as Buffer));
  const output = Buffer.from(stdout);
  const headers = {'tnet-exit': String(code), 'tnet-output': String(output.length)};
  return {kind: 'bytes', headers, body: Buffer.concat([output, Buffer.from(stderr)])};
}
