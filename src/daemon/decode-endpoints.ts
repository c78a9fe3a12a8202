import * as v from 'valibot';
import type {EndpointConfig, NetworkMode} from '../model/container.ts';
import {type Ip, ipFamily, parseIp} from '../model/ip.ts';
import {parseMac} from '../model/mac.ts';
import {networkName} from './decode-network-mode.ts';
import {badRequest, decoding} from './failure.ts';
import {anything, refuseUnsupported} from './unsupported.ts';
import {integer, labels, orNull, text, texts, validate} from './validate.ts';

const endpoint = v.looseObject({
  IPAMConfig: orNull(v.looseObject({IPv4Address: orNull(text), IPv6Address: orNull(text)})),
  Aliases: orNull(texts),
  MacAddress: orNull(text),
  DriverOpts: orNull(labels),
  GwPriority: orNull(integer),
});

export const networkingConfig = v.looseObject({EndpointsConfig: orNull(v.record(text, orNull(endpoint)))});

type Endpoint = v.InferOutput<typeof endpoint>;
type NetworkingConfig = v.InferOutput<typeof networkingConfig>;

/** Fields that are decoded, or that clients echo from an answer. */
const accepted = Object.fromEntries(
  [
    ...['IPAMConfig', 'Aliases', 'MacAddress', 'DriverOpts', 'GwPriority', 'NetworkID', 'EndpointID', 'Gateway'],
    ...['IPAddress', 'IPPrefixLen', 'IPv6Gateway', 'GlobalIPv6Address', 'GlobalIPv6PrefixLen', 'DNSNames'],
  ].map(name => [name, anything]),
);

/**
 * What was asked for on each network, that of the network mode first, the others by name. `mac` is the container's own,
 * for the first. Throws ERR_BAD_REQUEST.
 */
export function decodeEndpoints(
  config: NetworkingConfig | null | undefined,
  network: NetworkMode,
  mac: string,
): readonly EndpointConfig[] {
  const given = Object.entries(config?.EndpointsConfig ?? {}).map(([name, settings]) => ({
    name: networkName(name),
    settings: settings ?? {},
  }));
  if (network.kind !== 'network') return refuseEndpoints(given, network);
  const first = given.find(({name}) => name === network.network)?.settings ?? {};
  const rest = given.filter(({name}) => name !== network.network).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (rest.length > 0 && network.network === 'bridge')
    throw badRequest('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
  const settings = mac === '' ? first : {...first, MacAddress: first.MacAddress || mac};
  return [{name: network.network, settings}, ...rest].map(each => decodeEndpoint(each.settings, each.name));
}

/** Body of POST /networks/{id}/connect and /disconnect. */
const connectBody = v.looseObject({Container: text, EndpointConfig: orNull(endpoint), Force: orNull(v.boolean())});

export function decodeConnect(input: unknown, network: string): {container: string; endpoint: EndpointConfig} {
  const {Container, EndpointConfig, ...rest} = validate(connectBody, input);
  refuseUnsupported(rest, {Force: anything}, '');
  return {container: Container, endpoint: decodeEndpoint(EndpointConfig ?? {}, network)};
}

function decodeEndpoint(settings: Endpoint, network: string): EndpointConfig {
  const {IPv4Address, IPv6Address, ...others} = settings.IPAMConfig ?? {};
  refuseUnsupported(settings, accepted, 'EndpointsConfig.');
  refuseUnsupported(others, {}, 'EndpointsConfig.IPAMConfig.');
  const addresses = [IPv4Address, IPv6Address].flatMap((address, i) =>
    address ? [decoding(() => parseAddress(address, i === 0 ? 4 : 6))] : [],
  );
  const aliases = (settings.Aliases ?? []).map(checkAlias);
  if (network === 'bridge' && addresses.length > 0)
    throw badRequest('invalid endpoint settings: user specified IP address is supported on user defined networks only');
  if (network === 'bridge' && aliases.length > 0)
    throw badRequest('network-scoped aliases are only supported for user-defined networks');
  return {
    network,
    addresses,
    mac: settings.MacAddress ? decoding(() => parseMac(settings.MacAddress!)) : null,
    aliases,
    gatewayPriority: settings.GwPriority ?? 0,
    options: settings.DriverOpts ?? {},
  };
}

/** Names go into DNS answers and /etc/hosts. */
function checkAlias(alias: string): string {
  if (/^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,253})$/.test(alias)) return alias;
  throw badRequest(`invalid alias "${alias}": want letters, digits, "_", "." and "-"`);
}

function parseAddress(address: string, family: 4 | 6): Ip {
  const ip = parseIp(address);
  if (ipFamily(ip) !== family) throw new SyntaxError(`invalid IPv${family} address "${address}"`);
  return ip;
}

function refuseEndpoints(
  given: readonly {readonly name: string; readonly settings: Endpoint}[],
  {kind}: NetworkMode,
): readonly [] {
  for (const {name, settings} of given) {
    if (decodeEndpoint(settings, '').addresses.length > 0)
      throw badRequest(
        'invalid endpoint settings: user specified IP address is supported on user defined networks only',
      );
    if (name !== kind && !/^(container|ns):/.test(name))
      throw badRequest(`endpoint of network "${name}" and network mode "${kind}" differ`);
  }
  return [];
}
