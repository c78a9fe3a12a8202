import type {Userns} from './userns.ts';

/** Docker's `container:<name|id>`: that one's namespace; it must run. */
export interface OfContainer {
  readonly kind: 'container';
  readonly container: string;
}

/** How far a container is kept apart from the machine and from others; Docker's options of that name. */
export interface Isolation {
  readonly pid: {readonly kind: 'private' | 'host'} | OfContainer;
  /** `shareable`: others may join it, and its /dev/shm. `none`: no /dev/shm. */
  readonly ipc: {readonly kind: 'none' | 'private' | 'shareable' | 'host'} | OfContainer;
  readonly userns: Userns;
  readonly uts: 'private' | 'host';
  readonly cgroupns: 'private' | 'host';
  readonly privileged: boolean;
  /** `ALL` or names with `CAP_`, checked. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly readonlyRootfs: boolean;
  /** Hidden and read-only files of the kernel; null is Docker's list. */
  readonly maskedPaths: readonly string[] | null;
  readonly readonlyPaths: readonly string[] | null;
}

export const isolatedByDefault: Isolation = {
  pid: {kind: 'private'},
  ipc: {kind: 'private'},
  userns: 'default',
  uts: 'private',
  cgroupns: 'private',
  privileged: false,
  capAdd: [],
  capDrop: [],
  readonlyRootfs: false,
  maskedPaths: null,
  readonlyPaths: null,
};
