import type {Duplex} from 'node:stream';
import type {Reply} from './reply.ts';
import type {Pattern} from './router.ts';

export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON of a POST, null without one; of a `raw` route its bytes. */
  readonly body: unknown;
}

export interface Route extends Pattern {
  /** Also for clients that stand in another network namespace: nothing of the host is changed or told. */
  readonly anywhere?: true;
  /** The body is no JSON. */
  readonly raw?: true;
  handle(call: Call): Reply | Promise<Reply>;
}

/** Takes the connection over: the stream is joined with the client's socket. */
export interface HijackRoute extends Pattern {
  hijack(call: Call): Promise<Hijacked>;
}

export interface Hijacked {
  /** Readable: frames; writable: the container's stdin. */
  readonly stream: Duplex;
  /** Which the client asked for: what it sends, and its end, is forwarded only with `stdin`. */
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}
