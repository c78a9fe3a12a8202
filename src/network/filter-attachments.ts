import type {Attachment} from '../model/attachment.ts';
import {indexOf} from '../model/attachment-index.ts';
import type {State} from '../model/state.ts';

/** What is left out may be anything. */
export interface AttachmentFilter {
  readonly network?: string;
  readonly owner?: string;
  readonly sandbox?: string;
}

/** In the order in which they were made. Of an owner or a sandbox without a look at the thousand others. */
export function filterAttachments({attachments}: State, filter: AttachmentFilter): readonly Attachment[] {
  const {network, owner, sandbox} = filter;
  return candidates(attachments, filter).filter(
    each =>
      (network ?? each.network) === each.network &&
      (owner ?? each.owner) === each.owner &&
      (sandbox ?? each.sandbox) === each.sandbox,
  );
}

function candidates(
  attachments: State['attachments'],
  {network, owner, sandbox}: AttachmentFilter,
): readonly Attachment[] {
  const index = indexOf(attachments);
  if (owner !== undefined) return index.of(owner);
  if (sandbox !== undefined) return index.inSandbox(sandbox);
  return network === undefined ? [...attachments.values()] : index.on(network);
}
