import {diff, toWorld} from '../kernel/diff.ts';
import type {Kernel} from '../kernel/kernel.ts';
import type {Attachment} from '../model/attachment.ts';
import type {Store} from '../store/store.ts';
import type {Firewall} from './firewall/renderer.ts';
import {checkAttachmentOptions} from './new-attachment.ts';
import {planSandboxLinks} from './plan.ts';
import {undoing} from './undoing.ts';

export interface ChangeParts {
  readonly store: Store;
  readonly kernel: Kernel;
  readonly firewall: Firewall;
}

/** Makes of an attachment that is there another version of it: what differs on the host is changed, what is inside the sandbox stays. */
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
      const after = onHost();
      const scope = toWorld([...before, ...after]);
      const {ours} = await kernel.readIptables();
      const actual = new Map([...kernel.read(scope.values()), ...ours].filter(([key]) => scope.has(key)));
      return kernel.execute(diff(actual, toWorld(after)), 'undo');
    },
    () => store.commit({put: {attachments: [attachment]}}),
  );
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
