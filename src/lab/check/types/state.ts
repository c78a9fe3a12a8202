import * as v from 'valibot';
import {ipText, portNumber, scalarText} from '../../document/formats.ts';
import {sysctlPath} from '../../topology/parse-topology.ts';
import {type CheckType, shared} from '../check-type.ts';
import {called} from '../eyes.ts';

export const listenSchema = v.strictObject({
  ...shared,
  type: v.literal('listen'),
  node: v.string(),
  proto: v.optional(v.picklist(['tcp', 'udp']), 'tcp'),
  port: portNumber,
  /** `0.0.0.0` for every address; left out: any. */
  address: v.optional(ipText),
});

export const listenType: CheckType<v.InferOutput<typeof listenSchema>> = {
  layer: 'service',
  look(eyes, {node, proto, port, address}) {
    const waiting = eyes.listening(node, proto);
    const ok = waiting.some(each => each.port === port && (address === undefined || each.address === address));
    const got = waiting
      .map(each => `${each.address.includes(':') ? `[${each.address}]` : each.address}:${each.port}`)
      .join(', ');
    return {
      ok,
      expected: `something on ${node} listens on ${proto} ${address ?? 'port'}${address === undefined ? ' ' : ':'}${port}`,
      got: got === '' ? `nothing on ${node} listens on ${proto}` : `${node} listens on ${got}`,
      observed: waiting.some(each => each.port === port) ? 'elsewhere' : 'none',
    };
  },
};

export const sysctlSchema = v.strictObject({
  ...shared,
  type: v.literal('sysctl'),
  node: v.string(),
  /** As for sysctl(8): net.ipv4.ip_forward */
  name: v.string(),
  value: scalarText,
});

export const sysctlType: CheckType<v.InferOutput<typeof sysctlSchema>> = {
  layer: 'route',
  look(eyes, {node, name, value}) {
    const got = eyes.sysctl(node, sysctlPath(name));
    return {
      ok: got === value,
      expected: `${name} of ${node} is ${value}`,
      got: got === null ? 'there is no such setting' : `it is ${got}`,
      observed: got ?? 'none',
    };
  },
};

export const netnsSchema = v.strictObject({
  ...shared,
  type: v.literal('netns'),
  node: v.string(),
  /** It is not the same network namespace as this node's. */
  differs: v.optional(v.string()),
  /** It is the same as this node's: two names of one stack. */
  same: v.optional(v.string()),
  /** A program of this name runs in it. */
  process: v.optional(v.string()),
});

export const netnsType: CheckType<v.InferOutput<typeof netnsSchema>> = {
  layer: 'node',
  look(eyes, {node, differs, same, process}) {
    const expected = `there is a ${called(node)}`;
    if (!eyes.exists(node)) return {ok: false, expected, got: 'there is none of that name', observed: 'none'};
    if (differs !== undefined && eyes.identity(node) === eyes.identity(differs))
      return {
        ok: false,
        expected: `"${node}" is another network namespace than ${differs}'s`,
        got: 'they are the same',
        observed: 'same',
      };
    if (same !== undefined && eyes.identity(node) !== eyes.identity(same))
      return {
        ok: false,
        expected: `"${node}" and ${same} share one network stack`,
        got: 'each has its own',
        observed: 'other',
      };
    if (process === undefined) return {ok: true, expected, got: 'it is there'};
    const running = eyes.processes(node);
    return {
      ok: running.includes(process),
      expected: `a program "${process}" runs in ${node}`,
      got: running.length === 0 ? `no program runs in ${node}` : `in ${node} runs ${running.join(', ')}`,
      observed: running.length === 0 ? 'none' : 'other',
    };
  },
};
