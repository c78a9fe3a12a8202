import * as v from 'valibot';
import type {Lease} from '../../../model/attachment.ts';
import {parseInterfaceAddress} from '../../../model/ip.ts';
import {joinPorts} from '../../../model/join-ports.ts';
import {type Mac, parseMac} from '../../../model/mac.ts';
import {type PortMapping, portMapping} from '../../../model/port-mapping.ts';
import {badRequest, decoding} from '../../failure.ts';
import {natural, orNull, text, validate} from '../../validate.ts';

const portMapKey = 'com.docker.network.portmap';

const idSchema = v.object({NetworkID: text, EndpointID: text});

const wordSchema = v.object({Options: orNull(v.record(text, v.unknown()))});

const endpointSchema = v.object({
  Interface: orNull(v.object({Address: orNull(text), AddressIPv6: orNull(text), MacAddress: orNull(text)})),
});

const portMapSchema = v.object({
  ports: orNull(
    v.array(
      v.object({
        Proto: natural,
        Port: natural,
        HostIP: orNull(text),
        HostPort: orNull(natural),
        HostPortEnd: orNull(natural),
      }),
    ),
  ),
});

export interface EndpointName {
  readonly networkId: string;
  readonly endpointId: string;
}

export interface Endpoint {
  /** What Docker's address management has chosen; none: we choose. */
  readonly leases: readonly Lease[];
  readonly mac: Mac | null;
  /** `--driver-opt` of ours, as limits. */
  readonly options: Readonly<Record<string, string>>;
}

/** These throw ERR_BAD_REQUEST. */
export function decodeName(request: unknown): EndpointName {
  const {NetworkID, EndpointID} = validate(idSchema, request);
  return {networkId: NetworkID, endpointId: EndpointID};
}

export function decodeEndpoint(request: unknown): Endpoint {
  const {Address, AddressIPv6, MacAddress} = validate(endpointSchema, request).Interface ?? {};
  const given = [Address, AddressIPv6].filter((address): address is string => Boolean(address));
  return decoding(() => ({
    leases: given.map(parseInterfaceAddress),
    mac: MacAddress ? parseMac(MacAddress) : null,
    options: Object.fromEntries(
      Object.entries(optionsOf(request)).flatMap(([key, value]) =>
        key.startsWith('tnet.') && typeof value === 'string' ? [[key, value]] : [],
      ),
    ),
  }));
}

/** Numbers of /etc/protocols. */
const protocols: Readonly<Record<number, string>> = {6: 'tcp', 17: 'udp', 132: 'sctp'};

/** `{"Proto":6,"Port":80,"HostIP":"","HostPort":8080,"HostPortEnd":8080}`; host port 0 is ours to choose. */
export function decodePortMap(request: unknown): readonly PortMapping[] {
  const {ports} = validate(portMapSchema, {ports: optionsOf(request)[portMapKey]});
  return joinPorts(
    (ports ?? []).map(({Proto, Port, HostIP, HostPort, HostPortEnd}) => {
      const proto = protocols[Proto];
      if (proto === undefined) throw badRequest(`unknown protocol ${Proto} of port ${Port}`);
      const [first, last] = [HostPort ?? 0, HostPortEnd || (HostPort ?? 0)];
      const host = first === 0 ? '' : last > first ? `${first}-${last}` : `${first}`;
      return decoding(() => portMapping({ip: HostIP ?? '', host, container: String(Port), proto}));
    }),
  );
}

function optionsOf(request: unknown): Readonly<Record<string, unknown>> {
  return validate(wordSchema, request).Options ?? {};
}
