import type {ContainerSummary, SizeFields} from '../api/engine-types.ts';
import {formatDuration} from '../api/format-duration.ts';
import {formatPorts} from './format-ports.ts';
import {formatBytes} from './format-units.ts';
import {type ListOptions, shortId} from './listing.ts';

interface Mount {
  readonly Name?: string;
  readonly Source?: string;
}

/** What `ps --format` may name, with the titles of `table` (docker/cli formatter/container.go). */
export const psTitles = {
  ID: 'CONTAINER ID',
  Names: 'NAMES',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Status: 'STATUS',
  State: 'STATE',
  Ports: 'PORTS',
  Size: 'SIZE',
  Labels: 'LABELS',
  Label: (name: unknown) => String(name),
  Networks: 'NETWORKS',
  Mounts: 'MOUNTS',
} as const;

/** `12B (virtual 4.2MB)`: what it has written, and with its image. */
export function formatSize({SizeRw = 0, SizeRootFs = 0}: SizeFields): string {
  const written = formatBytes(SizeRw);
  return SizeRootFs > 0 ? `${written} (virtual ${formatBytes(SizeRootFs)})` : written;
}

export function psRow(container: ContainerSummary, options: ListOptions): Readonly<Record<string, unknown>> {
  const {Id, Names, Image, Command, Created, Status, State, Ports, Labels, NetworkSettings} = container;
  const command = options.trunc && Command.length > 20 ? `${Command.slice(0, 19)}…` : Command;
  const fields = {
    ID: shortId(Id, options),
    Names: Names.map(name => name.slice(1)).join(','),
    Image,
    Command: JSON.stringify(command),
    CreatedAt: `${new Date(Created * 1000).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`,
    RunningFor: `${formatDuration(Date.now() - Created * 1000)} ago`,
    Status,
    State,
    Ports: formatPorts(Ports),
    Size: formatSize(container),
    Labels: Object.entries(Labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
    Networks: Object.keys(NetworkSettings.Networks).join(','),
    Mounts: (container.Mounts as readonly Mount[]).map(({Name, Source}) => Name || Source || '').join(','),
  };
  return {...fields, Label: (name: unknown) => Labels[String(name)] ?? ''};
}
