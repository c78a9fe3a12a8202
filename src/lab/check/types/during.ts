import * as v from 'valibot';
import {linkName} from '../../document/formats.ts';
import {type CheckType, shared} from '../check-type.ts';
import {probeSchema, send} from './reachable.ts';

const amount = v.pipe(v.number(), v.integer(), v.minValue(0));
/** By default something is seen; `max: 0` for nothing. */
const range = {min: v.optional(amount), max: v.optional(amount)};

export const pcapSchema = v.strictObject({
  ...shared,
  ...range,
  type: v.literal('pcap'),
  node: v.string(),
  dev: linkName,
  /** pcap-filter(7): `icmp and src host 10.0.0.2` */
  filter: v.string(),
  during: probeSchema,
});

export const pcapType: CheckType<v.InferOutput<typeof pcapSchema>> = {
  layer: 'reach',
  async look(eyes, {node, dev, filter, during, min, max}) {
    const packets = await eyes.count({node, dev, filter}, () => send(eyes, during));
    return {
      ok: within(packets, {min, max}),
      expected: `${wish({min, max})} packets "${filter}" pass ${dev} of ${node} while ${during.from} asks ${during.to}`,
      got: `${packets} did`,
      observed: packets === 0 ? 'none' : 'some',
    };
  },
};

export const counterSchema = v.strictObject({
  ...shared,
  ...range,
  type: v.literal('counter'),
  node: v.string(),
  /** As in /proc/net/snmp and netstat: `IcmpMsg.InType3`, `TcpExt.IPReversePathFilter`. */
  name: v.string(),
  during: probeSchema,
});

export const counterType: CheckType<v.InferOutput<typeof counterSchema>> = {
  layer: 'reach',
  async look(eyes, {node, name, during, min, max}) {
    const before = eyes.snmp(node).get(name) ?? 0;
    await send(eyes, during);
    const grown = (eyes.snmp(node).get(name) ?? 0) - before;
    return {
      ok: within(grown, {min, max}),
      expected: `${name} of ${node} grows by ${wish({min, max})} while ${during.from} asks ${during.to}`,
      got: `it grew by ${grown}`,
      observed: grown === 0 ? 'none' : 'some',
    };
  },
};

interface Range {
  readonly min: number | undefined;
  readonly max: number | undefined;
}

function within(value: number, {min, max}: Range): boolean {
  return value >= (min ?? (max === undefined ? 1 : 0)) && value <= (max ?? Number.POSITIVE_INFINITY);
}

function wish({min, max}: Range): string {
  if (max === 0) return 'no';
  return max === undefined ? `at least ${min ?? 1}` : `${min ?? 0} to ${max}`;
}
