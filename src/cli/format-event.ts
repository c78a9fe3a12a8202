import type {EventMessage} from '../api/event-types.ts';

/** `2026-01-02T03:04:05.678+00:00 container start <id> (image=host, name=web)`, as Docker's. */
export function formatEvent({Type, Action, Actor, timeNano}: EventMessage): string {
  const attributes = Object.entries(Actor.Attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  const time = new Date(timeNano / 1e6).toISOString();
  return `${time} ${Type} ${Action} ${Actor.ID}${attributes.length > 0 ? ` (${attributes.join(', ')})` : ''}`;
}
