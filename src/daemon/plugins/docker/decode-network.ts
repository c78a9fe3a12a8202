import * as v from 'valibot';
import {parseInterfaceAddress, parsePrefix} from '../../../model/ip.ts';
import type {SubnetSpec} from '../../../network/new-network.ts';
import {badRequest, decoding} from '../../failure.ts';
import {labels, orNull, text, validate} from '../../validate.ts';
import type {InlineSpec} from '../inline-network.ts';

/**
 * Who publishes the ports of a network's containers. `tnet`: we do, on our way out. `docker`: Docker does, on a second link to its
 * own bridge docker_gwbridge, which is then the container's way out; `docker ps` shows them.
 */
export const portsOption = 'tnet.ports';

const ipamData = v.object({Pool: text, Gateway: orNull(text), AuxAddresses: orNull(labels)});

const schema = v.object({
  NetworkID: text,
  Options: orNull(v.record(text, v.unknown())),
  IPv4Data: orNull(v.array(ipamData)),
  IPv6Data: orNull(v.array(ipamData)),
});

const genericKey = 'com.docker.network.generic';
const internalKey = 'com.docker.network.internal';

/** A bridge network for `docker network create -d tnet`. Docker does not tell its name, only its id. Throws ERR_BAD_REQUEST. */
export function decodeNetwork(request: unknown): InlineSpec {
  const {NetworkID, Options, IPv4Data, IPv6Data} = validate(schema, request);
  const options = validate(labels, Options?.[genericKey] ?? {});
  refuseUnknown(options);
  return {
    plugin: 'docker',
    name: networkName(NetworkID),
    driver: 'bridge',
    ipv4: (IPv4Data ?? []).length > 0,
    ipv6: (IPv6Data ?? []).length > 0,
    subnets: decoding(() => [...(IPv4Data ?? []), ...(IPv6Data ?? [])].map(decodeSubnet)),
    internal: Options?.[internalKey] === true,
    options,
    labels: {'tnet.docker.network': NetworkID},
  };
}

/** Throws ERR_BAD_REQUEST. */
export function decodeNetworkId(request: unknown): string {
  return validate(v.object({NetworkID: text}), request).NetworkID;
}

/** Without its prefix `docker:`. */
export function networkName(networkId: string): string {
  return networkId.slice(0, 12);
}

function decodeSubnet({Pool, Gateway, AuxAddresses}: v.InferOutput<typeof ipamData>): SubnetSpec {
  const reserved = Object.entries(AuxAddresses ?? {}).map(([name, ip]) => [name, addressOf(ip)] as const);
  return {
    prefix: parsePrefix(Pool),
    gateway: Gateway ? addressOf(Gateway) : null,
    range: null,
    reserved: Object.fromEntries(reserved),
  };
}

const addressOf = (text: string) => parseInterfaceAddress(text).address;

/** Docker's own words are the bridge driver's to check. */
function refuseUnknown(options: Readonly<Record<string, string>>): void {
  for (const [option, value] of Object.entries(options)) {
    if (option.startsWith('com.docker.network.') || option.startsWith('tnet.bridge.')) continue;
    if (option !== portsOption) throw badRequest(`option "${option}" is not supported by the tnet driver`);
    if (value !== 'tnet' && value !== 'docker')
      throw badRequest(`invalid value "${value}" of option "${option}": want tnet or docker`);
  }
}
