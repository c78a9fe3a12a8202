import {diff, toWorld} from '../kernel/diff.ts';
import type {Item, Op} from '../kernel/item.ts';
import type {Attachment} from '../model/attachment.ts';
import {isRouted, type Network} from '../model/network.ts';
import type {PortMapping} from '../model/port-mapping.ts';
import type {State} from '../model/state.ts';
import type {Change} from '../store/store.ts';
import type {Firewall} from './firewall/renderer.ts';
import {attachmentsIn, electable} from './gateway.ts';
import {planSandboxLinks} from './plan.ts';

export interface DetachPlan {
  readonly ops: readonly Op[];
  readonly change: Change;
  /** Attachments whose ports are another's now. */
  readonly moved: readonly {readonly from: string; readonly to: string}[];
  /** Ports that are nobody's any more, or lead elsewhere: their connections must end. */
  readonly freed: readonly PortMapping[];
}

/** Takes attachments away; ports of one go on through what remains of its sandbox, as with `docker network disconnect`. */
export function planDetach(state: State, ids: ReadonlySet<string>, firewall: Firewall): DetachPlan {
  const leaving = [...ids].flatMap(id => state.attachments.get(id) ?? []);
  const only = (sandbox: string): State => ({
    ...state,
    attachments: new Map(attachmentsIn(state, sandbox).map(attachment => [attachment.id, attachment])),
  });
  const moves = leaving.flatMap(attachment => {
    const heir = attachment.ports.length > 0 ? heirOf(attachment, ids, only(attachment.sandbox)) : undefined;
    return heir === undefined ? [] : [{attachment, heir}];
  });
  // Several may have one heir.
  const put = [...new Set(moves.map(({heir}) => heir))].map(heir => {
    const inherited = moves.filter(move => move.heir === heir).flatMap(({attachment}) => attachment.ports);
    return {...heir, ports: [...heir.ports, ...inherited]};
  });
  const sandboxes = [...new Set(leaving.map(({sandbox}) => sandbox))];
  return {
    ops: removalsFirst(
      sandboxes.flatMap(sandbox => {
        const before = only(sandbox);
        const here = put.filter(attachment => attachment.sandbox === sandbox);
        return leaveOps({before, after: withChange(before, here, ids), firewall}, sandbox);
      }),
    ),
    change: {remove: {attachments: [...ids]}, put: {attachments: put}},
    moved: moves.map(({attachment, heir}) => ({from: attachment.id, to: heir.id})),
    freed: leaving.flatMap(({ports}) => ports),
  };
}

/** So that elements go in one transaction, and links with one wait; within a sandbox it is the order already. */
function removalsFirst(ops: readonly Op[]): readonly Op[] {
  const order = ({do: verb, item}: Op): number => (verb !== 'del' ? 2 : isRule(item) ? 0 : 1);
  return [...ops].sort((a, b) => order(a) - order(b));
}

export function isRule({kind}: Item): boolean {
  return kind === 'element' || kind === 'iptables-rule';
}

function heirOf(attachment: Attachment, ids: ReadonlySet<string>, state: State): Attachment | undefined {
  if (attachment.gatewayPriority === null) return undefined;
  const rest = attachmentsIn(state, attachment.sandbox).filter(({id}) => !ids.has(id));
  return electable(rest, state.networks).find(({network}) => takesPorts(state.networks.get(network)));
}

function withChange(state: State, put: readonly Attachment[], removed: ReadonlySet<string>): State {
  const attachments = new Map(state.attachments);
  for (const id of [...attachments.keys()]) if (removed.has(id)) attachments.delete(id);
  for (const attachment of put) attachments.set(attachment.id, attachment);
  return {...state, attachments};
}

function takesPorts(network: Network | undefined): boolean {
  return network !== undefined && isRouted(network) && !network.internal;
}

/** What is inside the sandbox goes with its link, which is there itself when it has no end on the host; the sandbox may be gone already. */
function leaveOps(
  {before, after, firewall}: {readonly before: State; readonly after: State; readonly firewall: Firewall},
  sandbox: string,
): readonly Op[] {
  const world = (state: State) => toWorld(planSandboxLinks(state, sandbox, firewall));
  const ops = diff(world(before), world(after));
  return ops.filter(
    ({do: verb, item}) => item.ns === '' || verb !== 'del' || item.kind === 'link' || item.kind === 'lent',
  );
}
