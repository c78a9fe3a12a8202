import * as v from 'valibot';
import {parseIp, parsePrefix} from '../model/ip.ts';
import type {NetworkDriver} from '../model/network.ts';
import type {NetworkSpec, SubnetSpec} from '../network/new-network.ts';
import {badRequest, decoding} from './failure.ts';
import {anything, isEmpty, oneOf, refuseUnsupported} from './unsupported.ts';
import {labels, orNull, text, validate} from './validate.ts';

const poolConfig = v.looseObject({
  Subnet: orNull(text),
  Gateway: orNull(text),
  IPRange: orNull(text),
  AuxiliaryAddresses: orNull(labels),
});

const createBody = v.looseObject({
  Name: text,
  Driver: orNull(text),
  Internal: orNull(v.boolean()),
  EnableIPv4: orNull(v.boolean()),
  EnableIPv6: orNull(v.boolean()),
  IPAM: orNull(v.looseObject({Driver: orNull(text), Config: orNull(v.array(poolConfig))})),
  Options: orNull(labels),
  Labels: orNull(labels),
});

/** `CheckDuplicate` and `Attachable` ask for what happens anyway. */
const accepted = {
  ...Object.fromEntries(
    ['Name', 'Driver', 'Internal', 'EnableIPv4', 'EnableIPv6', 'IPAM', 'Options', 'Labels'].map(name => [
      name,
      anything,
    ]),
  ),
  CheckDuplicate: anything,
  Attachable: anything,
  Scope: oneOf('local'),
  ConfigFrom: (value: unknown) => isEmpty((value as {Network?: unknown}).Network),
};

/** Body of POST /networks/create. Throws ERR_BAD_REQUEST or ERR_UNSUPPORTED naming the field. */
export function decodeNetwork(input: unknown): NetworkSpec {
  const body = validate(createBody, input);
  refuseUnsupported(body, accepted, '');
  const {Driver, Config, ...rest} = body.IPAM ?? {};
  refuseUnsupported({...rest, Driver}, {Driver: oneOf('default')}, 'IPAM.');
  return {
    name: body.Name,
    driver: decodeDriver(body.Driver || 'bridge'),
    ipv4: body.EnableIPv4 ?? body.Options?.['com.docker.network.enable_ipv4'] !== 'false',
    ipv6: body.EnableIPv6 ?? body.Options?.['com.docker.network.enable_ipv6'] === 'true',
    subnets: (Config ?? []).map(decodeSubnet),
    internal: body.Internal ?? false,
    options: body.Options ?? {},
    labels: body.Labels ?? {},
  };
}

const drivers: readonly NetworkDriver[] = ['bridge', 'macvlan', 'ipvlan', 'vxlan', 'host'];

function decodeDriver(name: string): NetworkDriver {
  if (name === 'null') return 'none';
  const driver = drivers.find(each => each === name);
  if (driver !== undefined) return driver;
  throw badRequest(
    `network driver "${name}" is not supported: there are bridge, macvlan, ipvlan and vxlan`,
    'ERR_UNSUPPORTED',
  );
}

function decodeSubnet(config: v.InferOutput<typeof poolConfig>): SubnetSpec {
  const {Subnet, Gateway, IPRange, AuxiliaryAddresses, ...rest} = config;
  refuseUnsupported(rest, {}, 'IPAM.Config.');
  if (!Subnet) throw badRequest('IPAM.Config: a gateway or a range needs its subnet');
  return decoding(() => ({
    prefix: parsePrefix(Subnet),
    gateway: Gateway ? parseIp(Gateway) : null,
    range: IPRange ? parsePrefix(IPRange) : null,
    reserved: Object.fromEntries(
      Object.entries(AuxiliaryAddresses ?? {}).map(([name, address]) => [name, parseIp(address)]),
    ),
  }));
}
