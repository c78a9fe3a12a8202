import type {Container} from '../model/container.ts';
import {healthStatuses} from '../model/healthcheck.ts';
import type {Engine} from '../runtime/engine.ts';
import {hostImageId} from '../runtime/images/host-image.ts';
import {type Filters, type Matchers, matchesFilters, matchesLabel} from './decode-filters.ts';
import {formatState} from './encode-container.ts';
import {type ContainerView, networksById} from './encode-endpoint.ts';
import {encodeMounts} from './encode-mounts.ts';
import {encodePortSummary} from './encode-ports.ts';
import {badRequest} from './failure.ts';
import {namePattern} from './name-pattern.ts';
import {parsePortFilter} from './port-filter.ts';

/** `filters` of GET /containers/json; moby daemon/list.go. Values are checked even when there is no container. */
export function containerFilter(filters: Filters, engine: Pick<Engine, 'get'>): (view: ContainerView) => boolean {
  for (const [name, check] of Object.entries(checks)) for (const value of filters.get(name) ?? []) check(value);
  const names = new Map((filters.get('name') ?? []).map(value => [value, namePattern(value)]));
  const createdMs = (ref: string): number => Date.parse(engine.get(ref).created);
  const others = new Map(
    ['before', 'since'].flatMap(name => filters.get(name) ?? []).map(ref => [ref, createdMs(ref)]),
  );
  return matchesFilters(filters, {
    ...plain,
    name: ({container}, value) =>
      names.get(value)!.test(`/${container.name}`) || names.get(value)!.test(container.name),
    before: ({container}, value) => Date.parse(container.created) < others.get(value)!,
    since: ({container}, value) => Date.parse(container.created) > others.get(value)!,
  });
}

const statuses = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];

const checks: Readonly<Record<string, (value: string) => unknown>> = {
  status: value => {
    if (!statuses.includes(value)) throw badRequest(`Unrecognised filter value for status: ${value}`);
  },
  health: value => {
    if (value !== 'none' && !healthStatuses.some(status => status === value))
      throw badRequest(`Unrecognised filter value for health: ${value}`);
  },
  exited: value => {
    if (!/^\d{1,3}$/.test(value)) throw badRequest(`invalid filter 'exited=${value}': want an exit code`);
  },
  publish: parsePortFilter,
  expose: parsePortFilter,
};

const plain: Matchers<ContainerView> = {
  id: ({container}, value) => container.id.startsWith(value),
  label: ({container}, value) => matchesLabel(container.config.labels, value),
  status: ({container}, value) => formatState(container.state) === value,
  health: ({health}, value) => (health?.status ?? 'none') === value,
  exited: ({container: {state}}, value) => state.status === 'exited' && state.exitCode === Number(value),
  network: ({networks}, value) => networks.some(({id, name}) => name === value || id.startsWith(value)),
  volume: (view, value) => encodeMounts(view).some(({Name, Destination}) => [Name, Destination].includes(value)),
  ancestor: ({container}, value) => isMadeOf(container, value),
  publish: (view, value) => ports(view).some(({PublicPort, Type}) => parsePortFilter(value)(PublicPort, Type)),
  expose: (view, value) => ports(view).some(({PrivatePort, Type}) => parsePortFilter(value)(PrivatePort, Type)),
};

/** By the name it was asked for by, or by the id that meant. */
function isMadeOf({config, imageId = hostImageId}: Container, image: string): boolean {
  const digits = image.replace(/^sha256:/, '');
  const isId = /^[0-9a-f]{12,64}$/.test(digits) && imageId.startsWith(`sha256:${digits}`);
  return isId || config.image === image || `${config.image}:latest` === image || config.image === `${image}:latest`;
}

function ports(view: ContainerView): ReturnType<typeof encodePortSummary> {
  const exposed = view.container.config.exposed.map(port => {
    const [number, proto = 'tcp'] = port.split('/');
    return {PrivatePort: Number(number), Type: proto};
  });
  return [...encodePortSummary(view.attachments, networksById(view)), ...exposed];
}
