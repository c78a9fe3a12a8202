import * as v from 'valibot';
import type {NetworkMode} from '../model/container.ts';
import {type Ip, parseIp} from '../model/ip.ts';
import {badRequest, decoding} from './failure.ts';
import {refuseUnsupported} from './unsupported.ts';
import {orNull, text} from './validate.ts';

const endpoint = v.looseObject({IPAMConfig: orNull(v.looseObject({IPv4Address: orNull(text)}))});

export const networkingConfig = v.looseObject({EndpointsConfig: orNull(v.record(text, orNull(endpoint)))});

type NetworkingConfig = v.InferOutput<typeof networkingConfig>;

/** `default` and nothing mean `bridge`: that is what Docker's CLI says when the user says nothing. */
export function decodeNetworkMode(mode: string): NetworkMode {
  if (mode === 'host' || mode === 'none') return {kind: mode};
  const [prefix, ...rest] = mode.split(':');
  if (prefix !== 'container') return {kind: 'network', network: networkName(mode)};
  const container = rest.join(':');
  if (container === '') throw badRequest('Invalid network mode: invalid container format container:<name|id>');
  return {kind: 'container', container};
}

/** The address asked for by `--ip`. The one endpoint must be that of the network mode. */
export function decodeEndpoint(config: NetworkingConfig | null | undefined, mode: string): Ip | null {
  const endpoints = Object.entries(config?.EndpointsConfig ?? {});
  if (endpoints.length > 1)
    throw badRequest('Container cannot be created with more than one network: not supported', 'ERR_UNSUPPORTED');
  const [name, settings] = endpoints[0] ?? [mode, null];
  if (networkName(name) !== networkName(mode))
    throw badRequest(`endpoint of network "${name}" and network mode "${mode}" differ`);
  const {IPAMConfig, ...rest} = settings ?? {};
  const {IPv4Address, ...others} = IPAMConfig ?? {};
  refuseUnsupported(rest, {}, 'EndpointsConfig.');
  refuseUnsupported(others, {}, 'EndpointsConfig.IPAMConfig.');
  return IPv4Address ? decodeAddress(IPv4Address, mode) : null;
}

function decodeAddress(address: string, mode: string): Ip {
  if (['bridge', 'host', 'none'].includes(networkName(mode)) || mode.startsWith('container:')) {
    throw badRequest('invalid endpoint settings: user specified IP address is supported on user defined networks only');
  }
  return decoding(() => parseIp(address));
}

function networkName(mode: string): string {
  return mode === '' || mode === 'default' ? 'bridge' : mode;
}
