import * as v from 'valibot';
import {ipText, portNumber} from '../../document/formats.ts';
import {type CheckType, shared} from '../check-type.ts';

export const httpSchema = v.strictObject({
  ...shared,
  type: v.literal('http'),
  from: v.string(),
  to: ipText,
  port: v.optional(portNumber, 80),
  path: v.optional(v.string(), '/'),
  status: v.optional(v.number(), 200),
  /** Has to be in the body. */
  body: v.optional(v.string()),
  /** Bytes the body has at least: a download that needs many full packets. */
  size: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});

const timeoutMs = 1000;

export const httpType: CheckType<v.InferOutput<typeof httpSchema>> = {
  layer: 'service',
  async look(eyes, {from, to, port, path, status, body, size}) {
    const url = `http://${to.includes(':') ? `[${to}]` : to}:${port}${path}`;
    const view = await eyes.http(from, {to, port, path, timeoutMs});
    const wish = [
      `status ${status}`,
      body === undefined ? null : `"${body}" in it`,
      size === undefined ? null : `${size} bytes`,
    ];
    const expected = `${from} gets ${url}: ${wish.filter(Boolean).join(', ')}`;
    if ('error' in view) return {ok: false, expected, got: view.error, observed: view.error};
    const ok =
      view.status === status &&
      (body === undefined || view.body.includes(body)) &&
      (size === undefined || view.body.length >= size);
    const shown = view.body.length > 60 ? `${view.body.slice(0, 60)}…` : view.body;
    return {
      ok,
      expected,
      got: `status ${view.status}, ${view.body.length} bytes: ${JSON.stringify(shown.trim())}`,
      observed: `${view.status}`,
    };
  },
};
