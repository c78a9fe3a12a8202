import {decodeEventFilters} from '../decode-event-filters.ts';
import {encodeEvent} from '../encode-event.ts';
import {filterAsync} from '../filter-async.ts';
import {mapAsync} from '../map-async.ts';
import type {ServerParts} from '../parts.ts';
import {queryTimeNs} from '../query.ts';
import {stream} from '../reply.ts';
import type {Route} from '../route.ts';

export function eventRoutes({events}: ServerParts): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/events',
      handle({query}) {
        const wanted = decodeEventFilters(query.get('filters'));
        const span = {sinceNs: queryTimeNs(query, 'since'), untilNs: queryTimeNs(query, 'until')};
        return stream('application/json', mapAsync(filterAsync(events.read(span), wanted), encodeEvent));
      },
    },
  ];
}
