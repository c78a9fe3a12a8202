import * as v from 'valibot';
import {ipText, portNumber} from '../../document/formats.ts';
import {type CheckType, shared} from '../check-type.ts';

export const ruleSchema = v.strictObject({
  ...shared,
  type: v.literal('rule'),
  node: v.optional(v.string(), 'host'),
  family: v.optional(v.picklist(['ip', 'ip6', 'inet', 'bridge', 'netdev', 'arp'])),
  table: v.optional(v.string()),
  chain: v.optional(v.string()),
  hook: v.optional(v.picklist(['prerouting', 'input', 'forward', 'output', 'postrouting', 'ingress', 'egress'])),
  /** Words of nft(8) that have to stand in one rule, each: `tcp dport 8080`, `dnat to`, `masquerade`. */
  has: v.union([v.string(), v.array(v.string())]),
});

export const ruleType: CheckType<v.InferOutput<typeof ruleSchema>> = {
  layer: 'filter',
  look(eyes, {node, family, table, chain, hook, has}) {
    const words = [has].flat();
    const there = eyes
      .rules(node)
      .filter(rule => (family === undefined || rule.family === family) && (table === undefined || rule.table === table))
      .filter(rule => (chain === undefined || rule.chain === chain) && (hook === undefined || rule.hook === hook));
    const ok = there.some(({text}) => words.every(word => text.includes(word)));
    const where = [hook && `hook ${hook}`, table && `table ${table}`, chain && `chain ${chain}`]
      .filter(Boolean)
      .join(', ');
    const got = there.map(({text}) => text).join('; ');
    return {
      ok,
      expected: `a rule of ${node}${where === '' ? '' : ` (${where})`} says ${words.join(' … ')}`,
      got: there.length === 0 ? 'there is no rule' : `its rules: ${got.length > 200 ? `${got.slice(0, 200)}…` : got}`,
      observed: there.length === 0 ? 'none' : 'other',
    };
  },
};

const protocols = {icmp: 1, tcp: 6, udp: 17} as const;

export const conntrackSchema = v.strictObject({
  ...shared,
  type: v.literal('conntrack'),
  node: v.optional(v.string(), 'host'),
  proto: v.optional(v.picklist(['icmp', 'tcp', 'udp']), 'tcp'),
  src: v.optional(ipText),
  dst: v.optional(ipText),
  port: v.optional(portNumber),
  /** Who answers, after DNAT. */
  answered_by: v.optional(ipText),
  /** To whom the answer goes, after SNAT or masquerading. */
  answered_to: v.optional(ipText),
});

export const conntrackType: CheckType<v.InferOutput<typeof conntrackSchema>> = {
  layer: 'filter',
  look(eyes, {node, proto, src, dst, port, answered_by, answered_to}) {
    const all = eyes.connections(node).filter(({original}) => original.proto === protocols[proto]);
    const ok = all.some(
      ({original, reply}) =>
        (src === undefined || original.src === src) &&
        (dst === undefined || original.dst === dst) &&
        (port === undefined || original.dstPort === port) &&
        (answered_by === undefined || reply.src === answered_by) &&
        (answered_to === undefined || reply.dst === answered_to),
    );
    const wish = Object.entries({src, dst, port, answered_by, answered_to}).flatMap(([key, value]) =>
      value === undefined ? [] : `${key} ${value}`,
    );
    const got = all.map(
      ({original, reply}) =>
        `${original.src} → ${original.dst}:${original.dstPort ?? ''} answered by ${reply.src} to ${reply.dst}`,
    );
    return {
      ok,
      expected: `${node} tracks a ${proto} connection ${wish.join(', ')}`,
      got: got.slice(0, 3).join('; ') || `it tracks no ${proto} connection`,
      observed: all.length === 0 ? 'none' : 'other',
    };
  },
};
