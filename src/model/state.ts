import type {Attachment} from './attachment.ts';
import type {Container} from './container.ts';
import type {StoredImage} from './image.ts';
import type {Network} from './network.ts';
import type {Volume} from './volume.ts';

export interface SysctlChange {
  /** Below /proc/sys, with slashes. */
  readonly path: string;
  readonly value: string;
  readonly was: string;
}

/** Everything a daemon knows, by id. */
export interface State {
  readonly networks: ReadonlyMap<string, Network>;
  readonly attachments: ReadonlyMap<string, Attachment>;
  readonly containers: ReadonlyMap<string, Container>;
  /** By name. */
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly images: ReadonlyMap<string, StoredImage>;
  /**
   * Settings of the host that we changed, by sysctl path, with what they were. Devices that forward only because we said so
   * are among them: only our own networks may be forwarded through those.
   */
  readonly sysctls: ReadonlyMap<string, SysctlChange>;
}

export const emptyState: State = {
  networks: new Map(),
  attachments: new Map(),
  containers: new Map(),
  volumes: new Map(),
  images: new Map(),
  sysctls: new Map(),
};
