import {TnetError} from '../errors.ts';
import {diff, formatOp, toWorld, type World} from '../kernel/diff.ts';
import type {Item} from '../kernel/item.ts';
import type {Kernel} from '../kernel/kernel.ts';
import type {Attachment} from '../model/attachment.ts';
import type {State} from '../model/state.ts';
import type {Firewall} from './firewall/renderer.ts';
import {planSandboxLinks} from './plan.ts';

export interface CheckParts {
  readonly state: State;
  readonly kernel: Kernel;
  readonly firewall: Firewall;
}

/** Compares one attachment with the kernel, on the host and in its sandbox. Throws ERR_ATTACHMENT_BROKEN naming the first difference. */
export async function checkAttachment({state, kernel, firewall}: CheckParts, attachment: Attachment): Promise<void> {
  const alone = {...state, attachments: new Map([[attachment.id, attachment]])};
  const items = planSandboxLinks(alone, attachment.sandbox, firewall);
  const name = state.networks.get(attachment.network)?.name ?? attachment.network;
  const broken = (what: string): TnetError =>
    new TnetError(
      'ERR_ATTACHMENT_BROKEN',
      `"${attachment.ifname}" on network "${name}" is not as it was made: ${what}`,
    );
  if (!kernel.hasNamespace(attachment.sandbox)) throw broken('its network namespace is gone');
  const {ours} = await kernel.readIptables();
  const onHost = items.filter(({ns}) => ns === '');
  const [op] = diff(within(new Map([...kernel.find(onHost), ...ours]), onHost), toWorld(onHost));
  if (op !== undefined) throw broken(`needs ${formatOp(op)}`);
  const what = missingInside(items, kernel.readSandbox(attachment.sandbox), attachment);
  if (what !== undefined) throw broken(what);
}

function within(actual: World, items: readonly Item[]): World {
  const scope = toWorld(items);
  return new Map([...actual].filter(([key]) => scope.has(key)));
}

/** Settings are their owner's, and so is what else there is; of links it is enough that they are there and up. */
function missingInside(items: readonly Item[], actual: World, {ifname, sandbox}: Attachment): string | undefined {
  const staysDown = items.some(item => item.kind === 'link' && item.peer?.name === ifname && item.peer.down);
  const has = [...actual.values()].some(item => item.kind === 'link' && item.name === ifname && (item.up || staysDown));
  if (!has && items.length > 0) return `no link "${ifname}" that is up in ${sandbox}`;
  const wanted = items.filter(({ns, kind}) => ns !== '' && (kind === 'address' || kind === 'route'));
  const [op] = diff(within(actual, wanted), toWorld(wanted));
  return op && `needs ${formatOp(op)}`;
}
