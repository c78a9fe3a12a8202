import * as v from 'valibot';
import {ipText, portNumber, prefixText} from '../../document/formats.ts';
import {type CheckType, shared, type Verdict} from '../check-type.ts';
import type {ContainerView} from '../eyes.ts';

export const containerSchema = v.strictObject({
  ...shared,
  type: v.literal('container'),
  /** As given to `tnet run --name`. */
  name: v.string(),
  running: v.optional(v.boolean(), true),
  /** It is attached to this network; `none` is one too, `host` another. */
  network: v.optional(v.string()),
  /** It has this address there, or on any network. */
  address: v.optional(ipText),
  /** This port of the host is published for it. */
  publishes: v.optional(portNumber),
});
type ContainerCheck = v.InferOutput<typeof containerSchema>;

export const containerType: CheckType<ContainerCheck> = {
  layer: 'node',
  look(eyes, check) {
    const container = eyes.daemon.containers.get(check.name);
    const expected = `there is a container "${check.name}"`;
    if (container === undefined) return {ok: false, expected, got: 'there is none of that name', observed: 'none'};
    const facts = [stateOf, networkOf, addressOf, portOf].map(fact => fact(check, container));
    return facts.find(fact => fact !== null && !fact.ok) ?? {ok: true, expected, got: 'it is there'};
  },
};

function stateOf({name, running}: ContainerCheck, container: ContainerView): Verdict {
  const got = container.running ? 'it runs' : 'it has ended; `tnet logs` may say why';
  const ok = container.running === running;
  return {ok, expected: `"${name}" ${running ? 'runs' : 'does not run'}`, got, observed: 'state'};
}

function networkOf({name, network}: ContainerCheck, {networks}: ContainerView): Verdict | null {
  if (network === undefined) return null;
  const got = networks.size === 0 ? 'it is on no network' : `it is on ${[...networks.keys()].join(', ')}`;
  return {ok: networks.has(network), expected: `"${name}" is on the network "${network}"`, got, observed: 'network'};
}

function addressOf({name, network, address}: ContainerCheck, {networks}: ContainerView): Verdict | null {
  if (address === undefined) return null;
  const mine = network === undefined ? [...networks.values()] : [networks.get(network) ?? ''];
  const got = mine.filter(Boolean).join(', ');
  return {
    ok: mine.includes(address),
    expected: `"${name}" has the address ${address}`,
    got: got === '' ? 'it has none' : `it has ${got}`,
    observed: 'address',
  };
}

function portOf({name, publishes}: ContainerCheck, {published}: ContainerView): Verdict | null {
  if (publishes === undefined) return null;
  const got = published.length === 0 ? 'it publishes nothing' : `it publishes ${published.join(', ')}`;
  return {
    ok: published.includes(publishes),
    expected: `port ${publishes} of the host leads to "${name}"`,
    got,
    observed: 'port',
  };
}

export const networkSchema = v.strictObject({
  ...shared,
  type: v.literal('network'),
  name: v.string(),
  subnet: v.optional(prefixText),
  internal: v.optional(v.boolean()),
});

export const networkType: CheckType<v.InferOutput<typeof networkSchema>> = {
  layer: 'node',
  look(eyes, {name, subnet, internal}) {
    const network = eyes.daemon.networks.get(name);
    const expected = `there is a network "${name}"`;
    if (network === undefined)
      return {
        ok: false,
        expected,
        got: `there are only ${[...eyes.daemon.networks.keys()].join(', ') || 'none'}`,
        observed: 'none',
      };
    if (subnet !== undefined && !network.subnets.includes(subnet))
      return {
        ok: false,
        expected: `the network "${name}" has ${subnet}`,
        got: `it has ${network.subnets.join(', ')}`,
        observed: 'subnet',
      };
    if (internal !== undefined && network.internal !== internal)
      return {
        ok: false,
        expected: `the network "${name}" ${internal ? 'has no way out' : 'has a way out'}`,
        got: `it ${internal ? 'has one' : 'has none'}`,
        observed: 'internal',
      };
    return {ok: true, expected, got: 'it is there'};
  },
};
