import * as v from 'valibot';
import {type CheckType, type Layer, layers, shared} from './check-type.ts';
import {addrSchema, addrType} from './types/addr.ts';
import {bandwidthSchema, bandwidthType} from './types/bandwidth.ts';
import {containerSchema, containerType, networkSchema, networkType} from './types/container.ts';
import {dnsSchema, dnsType} from './types/dns.ts';
import {counterSchema, counterType, pcapSchema, pcapType} from './types/during.ts';
import {conntrackSchema, conntrackType, ruleSchema, ruleType} from './types/filter.ts';
import {httpSchema, httpType} from './types/http.ts';
import {answerSchema, answerType, execSchema, execType} from './types/learner.ts';
import {linkSchema, linkType} from './types/link.ts';
import {pmtuSchema, pmtuType} from './types/pmtu.ts';
import {reachableSchema, reachableType, unreachableSchema, unreachableType} from './types/reachable.ts';
import {routeSchema, routeType} from './types/route.ts';
import {rttSchema, rttType} from './types/rtt.ts';
import {listenSchema, listenType, netnsSchema, netnsType, sysctlSchema, sysctlType} from './types/state.ts';
import {bridgePortSchema, bridgePortType, fdbSchema, fdbType, neighSchema, neighType} from './types/switching.ts';
import {unchangedSchema, unchangedType} from './types/unchanged.ts';

const simpleSchemas = [
  netnsSchema,
  linkSchema,
  bridgePortSchema,
  neighSchema,
  fdbSchema,
  addrSchema,
  routeSchema,
  sysctlSchema,
  ruleSchema,
  conntrackSchema,
  reachableSchema,
  unreachableSchema,
  pcapSchema,
  counterSchema,
  listenSchema,
  dnsSchema,
  httpSchema,
  bandwidthSchema,
  rttSchema,
  pmtuSchema,
  unchangedSchema,
  answerSchema,
  execSchema,
  containerSchema,
  networkSchema,
] as const;

const simpleCheck = v.variant('type', [...simpleSchemas]);
export type SimpleCheck = v.InferOutput<typeof simpleCheck>;

const anySchema = v.strictObject({...shared, type: v.literal('any'), of: v.array(simpleCheck)});

/** A check of scenario.yaml, without its id where it has none. */
export const checkSchema = v.variant('type', [...simpleSchemas, anySchema]);
export type Check = v.InferOutput<typeof checkSchema>;

export const checkTypes: {readonly [K in SimpleCheck['type']]: CheckType<Extract<SimpleCheck, {type: K}>>} = {
  netns: netnsType,
  link: linkType,
  bridge_port: bridgePortType,
  neigh: neighType,
  fdb: fdbType,
  addr: addrType,
  route: routeType,
  sysctl: sysctlType,
  rule: ruleType,
  conntrack: conntrackType,
  reachable: reachableType,
  unreachable: unreachableType,
  pcap: pcapType,
  counter: counterType,
  listen: listenType,
  dns: dnsType,
  http: httpType,
  bandwidth: bandwidthType,
  rtt: rttType,
  pmtu: pmtuType,
  unchanged: unchangedType,
  answer: answerType,
  exec: execType,
  container: containerType,
  network: networkType,
};

export function layerOf(check: Check): Layer {
  if (check.type !== 'any') return checkTypes[check.type].layer;
  const highest = check.of.map(layerOf).sort((a, b) => layers[b] - layers[a])[0];
  return highest ?? 'answer';
}

/** Sends packets or waits for programs: may be tried again for a second. What only reads has its answer at once. */
export function isActive(check: Check): boolean {
  return (
    check.type === 'any' ||
    [
      'reachable',
      'pcap',
      'counter',
      'dns',
      'http',
      'bandwidth',
      'rtt',
      'pmtu',
      'exec',
      'listen',
      'bridge_port',
    ].includes(check.type)
  );
}
