import type {Attachment} from './attachment.ts';
import type {Container} from './container.ts';
import type {Network} from './network.ts';

/** Everything a daemon knows, by id. */
export interface State {
  readonly networks: ReadonlyMap<string, Network>;
  readonly attachments: ReadonlyMap<string, Attachment>;
  readonly containers: ReadonlyMap<string, Container>;
  /** Devices whose `forwarding` we switched on: only our own networks may be forwarded through them. */
  readonly forwarding: ReadonlySet<string>;
}

export const emptyState: State = {
  networks: new Map(),
  attachments: new Map(),
  containers: new Map(),
  forwarding: new Set(),
};
