import {once} from 'node:events';
import type {IncomingMessage} from 'node:http';
import {netnsHeader} from '../api/netns.ts';
import {TnetError} from '../errors.ts';
import {badRequest} from './failure.ts';
import type {ServerParts} from './parts.ts';
import {readBody, readJson} from './read-json.ts';
import {json, type Reply} from './reply.ts';
import type {Hijacked, HijackRoute, Route} from './route.ts';
import {createRouter} from './router.ts';
import {hijackRoutes, routes} from './routes/routes.ts';

/** From a request to what it means; throws what `describeFailure` turns into an answer. */
export interface Answerer {
  answer(request: IncomingMessage): Promise<Reply>;
  hijack(request: IncomingMessage, body: unknown): Promise<Hijacked>;
}

export function createAnswerer(parts: ServerParts): Answerer {
  const match = createRouter<Route>(routes(parts));
  const matchHijack = createRouter<HijackRoute>(hijackRoutes(parts));
  return {
    async answer(request) {
      const {path, query} = splitUrl(request);
      const found = match(request.method ?? '', path);
      if (found === null) return json({message: `page not found: tnet does not serve ${request.method} ${path}`}, 404);
      if (!found.route.anywhere) refuseForeign(request, parts.netns);
      const body = await readWhole(request, found.route);
      try {
        return await found.route.handle({params: found.params, query, body, input: request});
      } finally {
        if (found.route.streamed) await drain(request);
      }
    },
    async hijack(request, body) {
      const {path, query} = splitUrl(request);
      const found = matchHijack(request.method ?? '', path);
      if (found === null) throw badRequest(`${request.method} ${path} cannot be upgraded`);
      refuseForeign(request, parts.netns);
      return found.route.hijack({params: found.params, query, body, input: request});
    },
  };
}

async function readWhole(request: IncomingMessage, {raw, streamed}: Route): Promise<unknown> {
  if (request.method !== 'POST' || streamed) return null;
  return raw ? readBody(request) : readJson(request);
}

/** A client that still writes would not read our answer. */
async function drain(request: IncomingMessage): Promise<void> {
  request.resume();
  if (!request.readableEnded && !request.destroyed)
    await Promise.race([once(request, 'end'), once(request, 'close')]).catch(() => {});
}

/** By hand: `new URL` takes `//x` for a host. */
function splitUrl({url = '/'}: IncomingMessage): {path: string; query: URLSearchParams} {
  const [path = '/', ...query] = url.split('?');
  return {path, query: new URLSearchParams(query.join('?'))};
}

/** A client in another network namespace sees another host; it would change one and look at the other. */
function refuseForeign({headers}: IncomingMessage, netns: string): void {
  const theirs = headers[netnsHeader];
  if (theirs === undefined || theirs === netns) return;
  throw new TnetError(
    'ERR_CONFLICT',
    `this daemon manages network namespace ${netns}, and you stand in ${String(theirs)}: run tnet there, or start another daemon here with its own --root and --run-root`,
  );
}
