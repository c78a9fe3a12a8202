import {KernelError} from '../errors.ts';
import {diff, toWorld, type World} from '../kernel/diff.ts';
import type {Item} from '../kernel/item.ts';
import type {Kernel} from '../kernel/kernel.ts';
import type {Attachment} from '../model/attachment.ts';
import {isForeign} from '../model/sandbox.ts';
import type {Store} from '../store/store.ts';
import {isRule} from './detach.ts';
import type {Firewall} from './firewall/renderer.ts';
import {checkAttachmentOptions} from './new-attachment.ts';
import {planSandboxLinks} from './plan.ts';
import {undoing} from './undoing.ts';

export interface ChangeParts {
  readonly store: Store;
  readonly kernel: Kernel;
  readonly firewall: Firewall;
}

/**
 * Makes of an attachment that is there another version of it: what differs on the host is changed, what is inside the sandbox
 * stays. Mostly the host is as we left it, and looking at a thousand others would take longer than the change: it is read when
 * the change fails.
 */
export async function changeAttachment(
  {store, kernel, firewall}: ChangeParts,
  attachment: Attachment,
  next: Attachment,
): Promise<void> {
  const onHost = () => planSandboxLinks(store.state, attachment.sandbox, firewall).filter(item => item.ns === '');
  const before = onHost();
  store.commit({put: {attachments: [next]}});
  await undoing(
    async () => {
      const [was, want] = [toWorld(before), toWorld(onHost())];
      try {
        await kernel.execute(diff(was, want), 'undo');
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        const [then, left] = [was, want].map(world => remaining(kernel, attachment, world)) as [World, World];
        await kernel.execute(diff(await readScope(kernel, [...then.values(), ...left.values()]), left), 'undo');
      }
    },
    () => store.commit({put: {attachments: [attachment]}}),
  );
}

/**
 * Another runtime's sandbox that is gone took its links along, and another one may have its path and inode by now: rules are all
 * that is left, and a port is taken back from it as from any other.
 */
function remaining(kernel: Kernel, {sandbox, hostIfname}: Attachment, world: World): World {
  if (!isForeign(sandbox) || kernel.linkNames().includes(hostIfname)) return world;
  return new Map([...world].filter(([, item]) => isRule(item)));
}

async function readScope(kernel: Kernel, items: readonly Item[]): Promise<World> {
  const scope = toWorld(items);
  const {ours} = await kernel.readIptables();
  return new Map([...kernel.find([...scope.values()]), ...ours].filter(([key]) => scope.has(key)));
}

/** Other options of what is attached already, as its limits. Throws ERR_BAD_REQUEST for wrong ones. */
export async function configureAttachment(
  parts: ChangeParts,
  attachment: Attachment,
  options: Readonly<Record<string, string>>,
): Promise<void> {
  checkAttachmentOptions(options, parts.store.state.networks.get(attachment.network)!);
  await changeAttachment(parts, attachment, {...attachment, options});
}
