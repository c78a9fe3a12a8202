import * as v from 'valibot';
import {interfaceAddress, ipText, linkName, mtu, prefixText, scalarText} from '../document/formats.ts';
import {cableImpairment, portImpairment} from '../impair/schema.ts';

export const nodeName = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9-]{0,14}$/, 'a node name has up to 15 of a-z, 0-9 and "-", and begins with a letter'),
);

/** `c[1-100]`: a node each. */
const nodePattern = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9-]*(\[\d+-\d+\][a-z0-9-]*)?$/, 'want a name as "web" or a range as "c[1-3]"'),
);

const commands = v.union([v.string(), v.array(v.string())]);

const route = v.strictObject({
  to: prefixText,
  via: v.optional(ipText),
  dev: v.optional(linkName),
  metric: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});

const network = v.strictObject({
  /** Left out: the next free 10.N.0.0/24. `none`: a switch without addresses. */
  subnet: v.optional(v.union([v.literal('none'), prefixText])),
  /** The node that gets the first address, and to which the others' default routes lead; `host`: the bridge itself. */
  gateway: v.optional(v.string()),
  /** Name of the bridge on the lab's host; the network's own by default. */
  bridge: v.optional(linkName),
  mtu: v.optional(mtu),
});

const node = v.strictObject({
  /** A network's name, several, or names with addresses: `{lan: 10.0.0.7}`; `{lan: none}` is a link without address. */
  net: v.optional(
    v.union([
      v.string(),
      v.array(v.string()),
      v.record(v.string(), v.union([v.literal('none'), v.literal('auto'), ipText])),
    ]),
  ),
  /** Forwards IPv4 and IPv6. */
  router: v.optional(v.boolean()),
  /** `netns`: a network namespace, in which programs have the machine's files; `container`: one of `tnet run`, with an image. */
  kind: v.optional(v.picklist(['netns', 'container'])),
  /** `host`, an image of the machine's tnet, or the path of a directory. */
  image: v.optional(v.pipe(v.string(), v.minLength(1))),
  /** Default route to the network's gateway; `none` leaves it out. */
  default: v.optional(v.picklist(['auto', 'none'])),
  routes: v.optional(v.array(route)),
  /** `net.ipv4.ip_forward: 1`; slashes where a link's name has dots. */
  sysctls: v.optional(v.record(v.string(), scalarText)),
  mtu: v.optional(mtu),
  /** `down`: links are there and not up; addresses are, routes not. */
  links: v.optional(v.picklist(['up', 'down'])),
  run: v.optional(commands),
  /** Of its links to networks. */
  impair: v.optional(portImpairment),
});

const link = v.strictObject({
  ends: v.tuple([v.string(), v.string()]),
  /** One address each, or null for none; left out: a /30 of 10.255.0.0/16. `none`: neither has one. */
  addr: v.optional(v.union([v.literal('none'), v.tuple([v.nullable(interfaceAddress), v.nullable(interfaceAddress)])])),
  mtu: v.optional(mtu),
  impair: v.optional(cableImpairment),
});

export const topologySchema = v.strictObject({
  name: nodeName,
  description: v.optional(v.string()),
  networks: v.optional(v.record(linkName, v.nullable(network)), {}),
  nodes: v.optional(v.record(nodePattern, v.nullable(node)), {}),
  links: v.optional(v.array(link), []),
});

/** A topology file, as written. */
export type TopologyFile = v.InferOutput<typeof topologySchema>;
export type NodeFile = v.InferOutput<typeof node>;
export type NetworkFile = v.InferOutput<typeof network>;
export type LinkFile = v.InferOutput<typeof link>;
