import * as v from 'valibot';
import {ipText, linkName} from '../../document/formats.ts';
import {type CheckType, shared} from '../check-type.ts';

export const bridgePortSchema = v.strictObject({
  ...shared,
  type: v.literal('bridge_port'),
  node: v.optional(v.string(), 'host'),
  bridge: linkName,
  port: linkName,
  /** Up, and so is its other end: frames pass. */
  forwarding: v.optional(v.boolean(), true),
  hairpin: v.optional(v.boolean()),
  isolated: v.optional(v.boolean()),
});

export const bridgePortType: CheckType<v.InferOutput<typeof bridgePortSchema>> = {
  layer: 'link',
  look(eyes, {node, bridge, port, forwarding, hairpin, isolated}) {
    const links = eyes.links(node);
    const master = links.find(({name}) => name === bridge);
    const link = links.find(({name}) => name === port);
    const expected = `${port} is a port of the bridge ${bridge}`;
    if (master?.kind !== 'bridge')
      return {ok: false, expected, got: `${node} has no bridge "${bridge}"`, observed: 'none'};
    if (link === undefined) return {ok: false, expected, got: `${node} has no link "${port}"`, observed: 'none'};
    if (link.masterIndex !== master.index)
      return {ok: false, expected, got: `${port} is not plugged into ${bridge}`, observed: 'unplugged'};
    if (!master.up) return {ok: false, expected: `${bridge} is up`, got: 'it is down', observed: 'bridge-down'};
    const passes = link.up && link.carrier;
    if (passes !== forwarding)
      return {
        ok: false,
        expected: `frames pass by ${port}`,
        got: link.up ? 'the other end of the cable is down' : `${port} is down`,
        observed: 'down',
      };
    const flag = [
      ['hairpin', hairpin, link.hairpin],
      ['isolated', isolated, link.isolated],
    ] as const;
    const wrong = flag.find(([, want, got]) => want !== undefined && want !== got);
    if (wrong)
      return {
        ok: false,
        expected: `${wrong[0]} of ${port} is ${wrong[1] ? 'on' : 'off'}`,
        got: `it is ${wrong[2] ? 'on' : 'off'}`,
        observed: wrong[0],
      };
    return {ok: true, expected, got: 'it is'};
  },
};

const states = {
  incomplete: 1,
  reachable: 2,
  stale: 4,
  delay: 8,
  probe: 16,
  failed: 32,
  noarp: 64,
  permanent: 128,
} as const;

export const neighSchema = v.strictObject({
  ...shared,
  type: v.literal('neigh'),
  node: v.string(),
  address: ipText,
  mac: v.optional(v.string()),
  state: v.optional(v.picklist(Object.keys(states) as (keyof typeof states)[])),
});

export const neighType: CheckType<v.InferOutput<typeof neighSchema>> = {
  layer: 'neighbour',
  look(eyes, {node, address, mac, state}) {
    const entry = eyes.neighs(node).find(each => each.address === address);
    const expected = `${node} knows ${address}${mac === undefined ? '' : ` as ${mac}`}${state === undefined ? '' : `, ${state}`}`;
    if (entry === undefined) return {ok: false, expected, got: 'it has no entry for it', observed: 'none'};
    const ok = (mac === undefined || entry.mac === mac) && (state === undefined || (entry.state & states[state]) !== 0);
    const named = Object.entries(states).find(([, bit]) => entry.state & bit)?.[0] ?? 'unknown';
    return {ok, expected, got: `${entry.mac ?? 'no MAC address'}, ${named}`, observed: named};
  },
};

export const fdbSchema = v.strictObject({
  ...shared,
  type: v.literal('fdb'),
  node: v.optional(v.string(), 'host'),
  dev: linkName,
  mac: v.optional(v.string(), '00:00:00:00:00:00'),
  /** Peer of a vxlan link. */
  to: v.optional(ipText),
});

export const fdbType: CheckType<v.InferOutput<typeof fdbSchema>> = {
  layer: 'neighbour',
  look(eyes, {node, dev, mac, to}) {
    const mine = eyes.forwarding(node).filter(({link}) => link === dev);
    const ok = mine.some(each => each.mac === mac && (to === undefined || each.to === to));
    const got = mine.map(each => `${each.mac}${each.to === null ? '' : ` to ${each.to}`}`).join(', ');
    return {
      ok,
      expected: `${dev} of ${node} sends ${mac}${to === undefined ? '' : ` to ${to}`}`,
      got: got === '' ? 'its table is empty' : got,
      observed: mine.length === 0 ? 'none' : 'other',
    };
  },
};
