import type {IdMaps} from '../../model/id-map.ts';
import {maskedPaths, readonlyPaths} from './default-paths.ts';

/** A namespace: one of its own, the machine's, or that of the container whose shim listens on `shim`. */
export type NamespaceSource = 'private' | 'host' | {readonly shim: string};

export interface DeviceNode {
  /** The same on the machine and inside. */
  readonly path: string;
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** How far one launch keeps its process apart: the model's Isolation, with everything found that it names. */
export interface LaunchIsolation {
  readonly pid: NamespaceSource;
  readonly ipc: NamespaceSource;
  /** null: the machine's. Otherwise the one that owns the network namespace has these maps. */
  readonly userns: IdMaps | null;
  readonly uts: 'private' | 'host';
  readonly cgroupns: 'private' | 'host';
  /** /dev/shm: a file system of its own, none, or this directory of the machine. */
  readonly sharedMemory: 'private' | 'none' | {readonly path: string};
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly readonlyRootfs: boolean;
  /** Nothing is nodev or read-only that need not be, and every node of `nodes` is made. */
  readonly privileged: boolean;
  readonly nodes: readonly DeviceNode[];
  /** Who keeps it from the machine's devices: its cgroup, which lets it use nodes that it makes, or nodev, which does not. */
  readonly deviceGuard: 'cgroup' | 'nodev';
}

export const isolated: LaunchIsolation = {
  pid: 'private',
  ipc: 'private',
  userns: null,
  uts: 'private',
  cgroupns: 'private',
  sharedMemory: 'private',
  maskedPaths,
  readonlyPaths,
  readonlyRootfs: false,
  privileged: false,
  nodes: [],
  deviceGuard: 'nodev',
};
