import * as v from 'valibot';
import {ipText} from '../../document/formats.ts';
import {type CheckType, shared} from '../check-type.ts';

export const dnsSchema = v.strictObject({
  ...shared,
  type: v.literal('dns'),
  from: v.string(),
  server: ipText,
  name: v.string(),
  record: v.optional(v.picklist(['A', 'AAAA', 'PTR']), 'A'),
  over: v.optional(v.picklist(['udp', 'tcp']), 'udp'),
  /** Has to be among the answers. */
  answer: v.optional(v.string()),
  /** `NOERROR`, `NXDOMAIN`, `REFUSED` … */
  rcode: v.optional(v.string(), 'NOERROR'),
});

export const dnsType: CheckType<v.InferOutput<typeof dnsSchema>> = {
  layer: 'service',
  async look(eyes, {from, server, name, record, over, answer, rcode}) {
    const view = await eyes.dns(from, {server, name, type: record, over, timeoutMs: 800});
    const expected = `${from} asks ${server} for ${name} (${record}, ${over}): ${answer ?? rcode}`;
    if ('error' in view) return {ok: false, expected, got: view.error, observed: view.error};
    const ok = view.rcode === rcode && (answer === undefined || view.answers.includes(answer));
    return {ok, expected, got: [view.rcode, ...view.answers].join(' '), observed: view.rcode};
  },
};
