import * as v from 'valibot';
import {parseIp, parsePrefix} from '../model/ip.ts';
import type {NetworkDriver} from '../model/network.ts';
import type {NetworkSpec, SubnetSpec} from '../network/new-network.ts';
import {badRequest, decoding} from './failure.ts';
import {anything, isEmpty, oneOf, refuseUnsupported} from './unsupported.ts';
import {labels, orNull, text, validate} from './validate.ts';

const poolConfig = v.looseObject({Subnet: orNull(text), Gateway: orNull(text), IPRange: orNull(text)});

const createBody = v.looseObject({
  Name: text,
  Driver: orNull(text),
  Internal: orNull(v.boolean()),
  EnableIPv4: orNull(v.boolean()),
  IPAM: orNull(v.looseObject({Driver: orNull(text), Config: orNull(v.array(poolConfig))})),
  Options: orNull(labels),
  Labels: orNull(labels),
});

/** `CheckDuplicate` and `Attachable` ask for what happens anyway. */
const accepted = {
  ...Object.fromEntries(
    ['Name', 'Driver', 'Internal', 'EnableIPv4', 'IPAM', 'Options', 'Labels'].map(name => [name, anything]),
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
  if (body.EnableIPv4 === false) throw badRequest('EnableIPv4 false is not supported', 'ERR_UNSUPPORTED');
  const {Driver, Config, ...rest} = body.IPAM ?? {};
  refuseUnsupported({...rest, Driver}, {Driver: oneOf('default')}, 'IPAM.');
  return {
    name: body.Name,
    driver: decodeDriver(body.Driver || 'bridge'),
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

function decodeSubnet({Subnet, Gateway, IPRange, ...rest}: v.InferOutput<typeof poolConfig>): SubnetSpec {
  refuseUnsupported(rest, {}, 'IPAM.Config.');
  if (!Subnet) throw badRequest('IPAM.Config: a gateway or a range needs its subnet');
  return decoding(() => ({
    prefix: parsePrefix(Subnet),
    gateway: Gateway ? parseIp(Gateway) : null,
    range: IPRange ? parsePrefix(IPRange) : null,
  }));
}
