import * as v from 'valibot';
import type {LinkInfo} from '../../../kernel/netlink/link.ts';
import {linkName, mtu} from '../../document/formats.ts';
import {type CheckType, shared, type Verdict} from '../check-type.ts';
import type {Eyes} from '../eyes.ts';

export const linkSchema = v.strictObject({
  ...shared,
  type: v.literal('link'),
  node: v.string(),
  name: linkName,
  /** Administratively up, and with `carrier` that the other end is too. */
  state: v.optional(v.picklist(['up', 'down', 'carrier'])),
  /** `veth`, `bridge`, `vxlan`, `macvlan` … */
  kind: v.optional(v.string()),
  mtu: v.optional(mtu),
  /** Bridge it is a port of; `none`. */
  master: v.optional(v.string()),
  /** The other end of a veth: NODE:INTERFACE. */
  peer: v.optional(v.string()),
});
type LinkCheck = v.InferOutput<typeof linkSchema>;

export const linkType: CheckType<LinkCheck> = {
  layer: 'link',
  look(eyes, check) {
    const links = eyes.links(check.node);
    const link = links.find(({name}) => name === check.name);
    if (link === undefined) {
      const names = links.map(({name}) => name).join(', ');
      return {
        ok: false,
        expected: wish(check),
        got: `${check.node} has no link "${check.name}", only ${names}`,
        observed: 'none',
      };
    }
    const facts = [
      stateOf(check, link),
      kindOf(check, link),
      mtuOf(check, link),
      masterOf(check, link, links),
      peerOf(check, link, eyes),
    ];
    const wrong = facts.find(fact => fact !== null && !fact.ok);
    return wrong ?? {ok: true, expected: wish(check), got: `it is there`};
  },
};

const wish = ({node, name, kind}: LinkCheck): string => `${node} has ${kind ? `a ${kind}` : 'a link'} "${name}"`;

function stateOf({state, node, name}: LinkCheck, {up, carrier}: LinkInfo): Verdict | null {
  if (state === undefined) return null;
  const got = !up ? 'down' : carrier ? 'up' : 'up, but without carrier: its other end is down';
  const ok = state === 'down' ? !up : state === 'carrier' ? up && carrier : up;
  return {
    ok,
    expected: `${name} of ${node} is ${state === 'carrier' ? 'up, and its other end too' : state}`,
    got: `it is ${got}`,
    observed: up ? 'up' : 'down',
  };
}

function kindOf({kind, node, name}: LinkCheck, link: LinkInfo): Verdict | null {
  if (kind === undefined) return null;
  const got = link.kind ?? 'a device of another kind';
  return {ok: got === kind, expected: `${name} of ${node} is a ${kind}`, got: `it is ${got}`, observed: 'kind'};
}

function mtuOf({mtu: wanted, node, name}: LinkCheck, {mtu: got}: LinkInfo): Verdict | null {
  if (wanted === undefined) return null;
  return {ok: got === wanted, expected: `${name} of ${node} has MTU ${wanted}`, got: `MTU ${got}`, observed: `${got}`};
}

function masterOf(
  {master, node, name}: LinkCheck,
  {masterIndex}: LinkInfo,
  links: readonly LinkInfo[],
): Verdict | null {
  if (master === undefined) return null;
  const got = links.find(({index}) => index === masterIndex)?.name ?? 'none';
  const expected =
    master === 'none' ? `${name} of ${node} is no port of a bridge` : `${name} of ${node} is a port of ${master}`;
  return {
    ok: got === master,
    expected,
    got: got === 'none' ? 'it is plugged into no bridge' : `it is a port of ${got}`,
    observed: got,
  };
}

/** The two ends of a veth name each other by ifindex. */
function peerOf({peer, node, name}: LinkCheck, link: LinkInfo, eyes: Eyes): Verdict | null {
  if (peer === undefined) return null;
  const [there = '', device = ''] = peer.split(':');
  const end = eyes.exists(there) ? eyes.links(there).find(each => each.name === device) : undefined;
  const ok = link.kind === 'veth' && end !== undefined && end.index === link.peerIndex && end.peerIndex === link.index;
  const got =
    end === undefined ? `${there} has no link "${device}"` : `${name} and ${peer} are not two ends of one veth`;
  return {ok, expected: `the other end of ${name} of ${node} is ${peer}`, got, observed: 'peer'};
}
