import type {ContainerSummary} from '../api/engine-types.ts';
import {formatDuration} from '../api/format-duration.ts';
import type {ContainerState} from '../model/container.ts';
import type {Health} from '../model/healthcheck.ts';
import {hostImageId} from '../runtime/images/host-image.ts';
import {encodeSize, formatNetworkMode, formatState} from './encode-container.ts';
import {type ContainerView, encodeEndpoints, networksById} from './encode-endpoint.ts';
import {encodeMounts} from './encode-mounts.ts';
import {encodePortSummary} from './encode-ports.ts';

/** An entry of GET /containers/json. */
export function encodeContainerSummary(view: ContainerView, now: Date): ContainerSummary {
  const {id, name, created, config, state} = view.container;
  return {
    Id: id,
    Names: [`/${name}`],
    Image: config.rootfs?.path ?? config.image,
    ImageID: view.container.imageId ?? hostImageId,
    Command: config.args.map(quote).join(' '),
    Created: Math.floor(Date.parse(created) / 1000),
    Ports: encodePortSummary(view.attachments, networksById(view)),
    Labels: config.labels,
    State: formatState(state),
    Status: formatStatus(state, now, view.health),
    HostConfig: {NetworkMode: formatNetworkMode(config.network)},
    NetworkSettings: {Networks: encodeEndpoints(view)},
    Mounts: encodeMounts(view),
    ...encodeSize(view.size),
  };
}

/** `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`, `Created`. */
export function formatStatus(state: ContainerState, now: Date, health: Health | null = null): string {
  const since = (time: string | null): string => formatDuration(now.getTime() - Date.parse(time ?? now.toISOString()));
  if (state.status === 'running') return `Up ${since(state.startedAt)}${formatCondition(state, health)}`;
  if (state.status === 'restarting') return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`;
  if (state.status === 'exited') return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
  return 'Created';
}

function formatCondition({paused}: ContainerState, health: Health | null): string {
  if (paused) return ' (Paused)';
  if (health === null) return '';
  return health.status === 'starting' ? ' (health: starting)' : ` (${health.status})`;
}

/** Docker quotes arguments with blanks, and only for the eye. */
function quote(arg: string): string {
  return /\s/.test(arg) ? `'${arg}'` : arg;
}
