import {captureContentType} from '../../api/pcapng.ts';
import {streamCapture} from '../../api/pcapng-stream.ts';
import {tnetVersion} from '../../api/version.ts';
import {TnetError} from '../../errors.ts';
import type {Capture} from '../../kernel/capture/capture.ts';
import {parseFilter} from '../../kernel/pcap-filter/parse.ts';
import {findCaptureTarget} from '../capture-target.ts';
import {badRequest, decoding} from '../failure.ts';
import type {ServerParts} from '../parts.ts';
import {queryNatural} from '../query.ts';
import {empty, type Reply, stream} from '../reply.ts';
import type {Call, Route} from '../route.ts';

/** MAXIMUM_SNAPLEN of libpcap: whole frames, and longer than any. */
const maxSnaplen = 262_144;

/**
 * `GET /tnet/capture?target=web&filter=port+80` answers with pcapng until the client leaves. With `id` (up to 64 hex
 * digits of the client's choice) `DELETE /tnet/captures/{id}` ends it with what has arrived, and the counts.
 */
export function captureRoutes(parts: ServerParts): readonly Route[] {
  const captures = new Map<string, Capture>();
  return [
    {method: 'GET', path: '/tnet/capture', handle: call => begin(parts, captures, call)},
    {
      method: 'DELETE',
      path: '/tnet/captures/:id',
      handle({params}) {
        const capture = captures.get(params.id!);
        if (capture === undefined) throw new TnetError('ERR_ATTACHMENT_NOT_FOUND', `No such capture: ${params.id}`);
        capture.stop();
        return empty();
      },
    },
  ];
}

function begin(parts: ServerParts, captures: Map<string, Capture>, {query}: Call): Reply {
  const filterText = query.get('filter') ?? '';
  const filter = decoding(() => parseFilter(filterText));
  const snaplen = Math.min(queryNatural(query, 'snaplen') || maxSnaplen, maxSnaplen);
  const count = queryNatural(query, 'count');
  const target = findCaptureTarget(parts, query.get('target') ?? '', query.get('type') ?? '');
  const id = idOf(query, captures);
  const {netns, choose} = target;
  const opened = decoding(() =>
    parts.openCapture({netns, choose, interface: query.get('interface') || null, filter, snaplen}),
  );
  const capture = registered(opened, captures, id);
  void target.over?.then(capture.stop);
  const labels = {
    application: `tnet ${tnetVersion}`,
    comment: `${target.comment}, tnet ${tnetVersion}`,
    filter: filterText,
    snaplen,
    describe: target.describe,
  };
  return stream(captureContentType, streamCapture(capture, labels, count || null));
}

function idOf(query: URLSearchParams, captures: ReadonlyMap<string, Capture>): string | null {
  const id = query.get('id');
  if (id === null) return null;
  if (!/^[0-9a-f]{1,64}$/.test(id)) throw badRequest(`invalid id "${id}": want up to 64 hexadecimal digits`);
  if (captures.has(id)) throw new TnetError('ERR_CONFLICT', `capture ${id} is under way already`);
  return id;
}

function registered(capture: Capture, captures: Map<string, Capture>, id: string | null): Capture {
  if (id === null) return capture;
  captures.set(id, capture);
  return {
    ...capture,
    close() {
      captures.delete(id);
      capture.close();
    },
  };
}
