import {diff, toWorld} from '../kernel/diff.ts';
import type {Op} from '../kernel/item.ts';
import type {Attachment} from '../model/attachment.ts';
import type {PortMapping} from '../model/port-mapping.ts';
import type {State} from '../model/state.ts';
import type {Change} from '../store/store.ts';
import {attachmentsIn, bySandbox, electable} from './gateway.ts';
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
export function planDetach(state: State, ids: ReadonlySet<string>): DetachPlan {
  const leaving = [...ids].flatMap(id => state.attachments.get(id) ?? []);
  const groups = bySandbox(state);
  // A thousand sandboxes must not look through each other's attachments.
  const only = (sandbox: string): State => ({
    ...state,
    attachments: new Map((groups.get(sandbox) ?? []).map(attachment => [attachment.id, attachment])),
  });
  const moves = leaving.flatMap(attachment => {
    const heir = attachment.ports.length > 0 ? heirOf(attachment, ids, only(attachment.sandbox)) : undefined;
    return heir === undefined ? [] : [{attachment, heir}];
  });
  const put = moves.map(({attachment, heir}) => ({...heir, ports: [...heir.ports, ...attachment.ports]}));
  const sandboxes = [...new Set(leaving.map(({sandbox}) => sandbox))];
  return {
    ops: removalsFirst(
      sandboxes.flatMap(sandbox => {
        const before = only(sandbox);
        const here = put.filter(attachment => attachment.sandbox === sandbox);
        return leaveOps(before, withChange(before, here, ids), sandbox);
      }),
    ),
    change: {remove: {attachments: [...ids]}, put: {attachments: put}},
    moved: moves.map(({attachment, heir}) => ({from: attachment.id, to: heir.id})),
    freed: leaving.flatMap(({ports}) => ports),
  };
}

/** So that elements go in one transaction, and links with one wait; within a sandbox it is the order already. */
function removalsFirst(ops: readonly Op[]): readonly Op[] {
  const order = ({do: verb, item}: Op): number => (verb !== 'del' ? 2 : item.kind === 'element' ? 0 : 1);
  return [...ops].sort((a, b) => order(a) - order(b));
}

function heirOf(attachment: Attachment, ids: ReadonlySet<string>, state: State): Attachment | undefined {
  if (attachment.gatewayPriority === null) return undefined;
  const rest = attachmentsIn(state, attachment.sandbox).filter(({id}) => !ids.has(id));
  return electable(rest, state.networks).find(({network}) => !state.networks.get(network)?.internal);
}

function withChange(state: State, put: readonly Attachment[], removed: ReadonlySet<string>): State {
  const attachments = new Map(state.attachments);
  for (const id of [...attachments.keys()]) if (removed.has(id)) attachments.delete(id);
  for (const attachment of put) attachments.set(attachment.id, attachment);
  return {...state, attachments};
}

/** What is inside the sandbox goes with its link, and the sandbox itself may be gone already. */
function leaveOps(before: State, after: State, sandbox: string): readonly Op[] {
  const ops = diff(toWorld(planSandboxLinks(before, sandbox)), toWorld(planSandboxLinks(after, sandbox)));
  return ops.filter(({do: verb, item}) => item.ns === '' || verb !== 'del');
}
