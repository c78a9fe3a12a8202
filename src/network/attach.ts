import {diff, toWorld} from '../kernel/diff.ts';
import type {Attachment} from '../model/attachment.ts';
import type {Network} from '../model/network.ts';
import {isUnseen} from '../model/sandbox.ts';
import {planDetach} from './detach.ts';
import {withoutLost} from './lost.ts';
import {type AttachSpec, planNewAttachment} from './new-attachment.ts';
import {bridgeOptions} from './options.ts';
import {isRealized, planSandboxLinks, validateAttachment} from './plan.ts';
import {type PublishParts, refuseWithoutFirewall} from './publish.ts';
import {holdPorts} from './reservation.ts';
import {undoing} from './undoing.ts';

export interface AttachParts extends PublishParts {
  readonly newId: () => string;
  /** Makes what the network itself needs on the host. */
  readonly realize: (network: Network) => Promise<void>;
}

/** Puts a sandbox on a network; whatever fails, nothing of it remains. */
export async function attachSandbox(parts: AttachParts, network: Network, spec: AttachSpec): Promise<Attachment> {
  const {store, kernel, reservations, firewall, realize} = parts;
  const {state} = store;
  refuseWithoutFirewall(firewall, spec.ports);
  const first = !isRealized(network, state);
  validateAttachment(network, state, spec.mac);
  const draft = planNewAttachment(spec, network, state, parts.newId());
  const attachment = holdPorts(draft, reservations);
  return undoing(
    async () => {
      const before = toWorld(planSandboxLinks(state, spec.sandbox, firewall));
      store.commit({put: {attachments: [attachment]}});
      if (first) await realize(network);
      await kernel.execute(diff(before, toWorld(planSandboxLinks(state, spec.sandbox, firewall))), 'undo');
      if (network.driver === 'ptp') await enableLink(parts, network, attachment);
      const seen = !isUnseen(attachment.sandbox); // the other end is down until Docker has taken it
      const isUp = seen && !bridgeOptions(network).insideDown;
      if (isUp && attachment.hostIfname !== '') await kernel.awaitCarrier(attachment.hostIfname);
      return attachment;
    },
    () => {
      reservations.release(attachment.id);
      store.commit({remove: {attachments: [attachment.id]}});
    },
  );
}

/** A link that is a network of its own must forward as a bridge does, and can be asked whether it does only when it is there. */
function enableLink(parts: AttachParts, network: Network, {id}: Attachment): Promise<void> {
  return undoing(
    () => parts.realize(network),
    () => leaveAgain(parts, id),
  );
}

function leaveAgain({store, kernel, firewall}: AttachParts, id: string): Promise<void> {
  const {ops} = planDetach(store.state, new Set([id]), firewall);
  return kernel.execute(withoutLost(ops, kernel), 'continue');
}
