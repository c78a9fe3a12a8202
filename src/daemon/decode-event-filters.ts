import type {Event, EventType} from '../model/event.ts';
import {decodeFilters, type Matchers, matchesFilters, matchesLabel} from './decode-filters.ts';

/** `filters` of GET /events. Throws ERR_BAD_REQUEST for one that does not exist. */
export function decodeEventFilters(json: string | null): (event: Event) => boolean {
  return matchesFilters(decodeFilters(json), matchers);
}

/** Of one kind of things: by id, its beginning, or its name. */
const about =
  (type: EventType) =>
  (event: Event, value: string): boolean =>
    event.type === type && isCalled(event, value);

function isCalled({id, attributes}: Event, value: string): boolean {
  return id.startsWith(value) || attributes.name === value.replace(/^\//, '');
}

/** moby daemon/events/filter.go. */
const matchers: Matchers<Event> = {
  type: ({type}, value) => type === value,
  // `exec_create` is also `exec_create: ls`.
  event: ({action}, value) => action === value || action.startsWith(`${value}:`),
  container: about('container'),
  network: about('network'),
  volume: about('volume'),
  daemon: about('daemon'),
  image: ({type, id, attributes}, value) =>
    (type === 'image' && (id === value || attributes.name === value)) || attributes.image === value,
  label: ({attributes}, value) => matchesLabel(attributes, value),
  scope: (_, value) => value === 'local',
};
