import {type LaunchOp, rootOp} from '../launch/plan-launch.ts';
import {mountOps, type PlacedMount, sourceOps} from '../launch/plan-mounts.ts';
import type {Rootfs} from '../launch/run-spec.ts';

/** Where a container's files are to be seen from. */
export type View =
  /** As the container sees them: what it has mounted, too. */
  | {readonly kind: 'running'; readonly pid: number}
  /** As it would see them: its layers and its mounts, in a mount namespace of their own. */
  | {
      readonly kind: 'stopped';
      readonly rootfs: Rootfs;
      readonly masks: readonly string[];
      readonly mounts: readonly PlacedMount[];
    };

/** Steps that make the container's root the root of tnet-files: nothing outside of it has a name then. */
export function enterOps(view: View): LaunchOp[] {
  if (view.kind === 'running')
    return [
      ['joinuser', `/proc/${view.pid}/ns/user`],
      ['setns', 'mnt', `/proc/${view.pid}/ns/mnt`],
      ['root', '/'],
    ];
  const {rootfs, masks, mounts} = view;
  return [
    ['unshare', 'mnt'],
    ...sourceOps(mounts),
    ['slave', '/'],
    rootOp(rootfs, {attributes: 'nodev', ids: 'plain'}),
    ...masks.map(path => ['hide', path] as const),
    ...mountOps(mounts, []),
    ['pivot'],
    ['root', '/'],
  ];
}
