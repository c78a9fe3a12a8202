import type {Event} from '../model/event.ts';

/**
 * A line of GET /events. `status`, `id` and `from` are those of clients from before Actor; `timeNano` is written by hand:
 * as a number of JavaScript's it would be rounded to 256 ns.
 */
export function encodeEvent({type, action, id, attributes, timeNs}: Event): string {
  const old = type === 'container' || type === 'image' ? {status: action, id, from: attributes.image} : {};
  const actor = {ID: id, Attributes: attributes};
  const time = Number(timeNs / 1_000_000_000n);
  const json = JSON.stringify({...old, Type: type, Action: action, Actor: actor, scope: 'local', time});
  return `${json.slice(0, -1)},"timeNano":${timeNs}}\n`;
}
