import * as v from 'valibot';
import {badRequest} from '../../failure.ts';
import {integer, labels, natural, orNull, text, texts, validate} from '../../validate.ts';

const portMappings = v.array(
  v.object({
    container_port: natural,
    host_ip: text,
    host_port: natural,
    protocol: text,
    range: natural,
  }),
);

const perNetwork = v.object({
  interface_name: text,
  static_ips: orNull(texts),
  static_mac: orNull(text),
  aliases: orNull(texts),
  options: orNull(labels),
});

const subnet = v.object({
  subnet: text,
  gateway: orNull(text),
  lease_range: orNull(v.object({start_ip: orNull(text), end_ip: orNull(text)})),
});

const route = v.object({
  destination: text,
  gateway: orNull(text),
  metric: orNull(integer),
  route_type: orNull(text),
});

/** podman's definition of a network; also what `create` completes. */
export const networkSchema = v.object({
  name: text,
  id: text,
  driver: text,
  internal: v.boolean(),
  dns_enabled: v.boolean(),
  ipv6_enabled: v.boolean(),
  network_interface: orNull(text),
  subnets: orNull(v.array(subnet)),
  routes: orNull(v.array(route)),
  options: orNull(labels),
  ipam_options: orNull(labels),
  network_dns_servers: orNull(texts),
});

/** As a map, or since 2.0 as a list in the order of setup. Unknown keys are passed over, as netavark does. */
const setupSchema = v.object({
  container_id: text,
  container_name: text,
  dns_servers: orNull(texts),
  port_mappings: orNull(portMappings),
  networks: v.union([v.array(v.object({...perNetwork.entries, name: text})), v.record(text, perNetwork)]),
  network_info: v.record(text, networkSchema),
});

export type NetworkInfo = v.InferOutput<typeof networkSchema>;
export type PerNetwork = v.InferOutput<typeof perNetwork>;
export type PortInfo = v.InferOutput<typeof portMappings>[number];

/** One container on its networks, in their order. */
export interface Joining {
  readonly containerId: string;
  readonly containerName: string;
  readonly dnsServers: readonly string[];
  readonly ports: readonly PortInfo[];
  readonly networks: readonly {readonly info: NetworkInfo; readonly options: PerNetwork}[];
}

/** Throws ERR_BAD_REQUEST. */
export function decodeJoining(input: string): Joining {
  const {container_id, container_name, dns_servers, port_mappings, networks, network_info} = validate(
    setupSchema,
    parseJson(input),
  );
  const named = Array.isArray(networks)
    ? networks.map(({name, ...options}) => ({name, options}))
    : Object.entries(networks).map(([name, options]) => ({name, options}));
  return {
    containerId: container_id,
    containerName: container_name,
    dnsServers: dns_servers ?? [],
    ports: port_mappings ?? [],
    networks: named.map(({name, options}) => ({info: infoOf(network_info, name), options})),
  };
}

/** What netavark gives a plugin: one network at a time, and no names of servers. */
const pluginSchema = v.object({
  container_id: text,
  container_name: text,
  port_mappings: orNull(portMappings),
  network: networkSchema,
  network_options: perNetwork,
});

/** To us it is a bridge as podman's own. Throws ERR_BAD_REQUEST. */
export function decodePluginJoining(input: string): Joining {
  const {container_id, container_name, port_mappings, network, network_options} = validate(
    pluginSchema,
    parseJson(input),
  );
  return {
    containerId: container_id,
    containerName: container_name,
    dnsServers: [],
    ports: port_mappings ?? [],
    networks: [{info: {...network, driver: 'bridge'}, options: network_options}],
  };
}

function infoOf(infos: Readonly<Record<string, NetworkInfo>>, name: string): NetworkInfo {
  const info = Object.hasOwn(infos, name) ? infos[name] : undefined;
  if (info === undefined) throw badRequest(`no network_info for network "${name}"`);
  return info;
}

export function parseJson(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch (cause) {
    throw badRequest(`failed to load network options: JSON Decoding error: ${(cause as Error).message.split('\n')[0]}`);
  }
}
