import type {Duplex, Readable} from 'node:stream';
import type {Reply} from './reply.ts';
import type {Pattern} from './router.ts';

export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON of a POST, null without one; of a `raw` route its bytes. */
  readonly body: unknown;
  /** What a `streamed` route reads its request's body from; empty for the others. */
  readonly input: Readable;
}

export interface Route extends Pattern {
  /** Also for clients that stand in another network namespace: nothing of the host is changed or told. */
  readonly anywhere?: true;
  /** The body may be long, as an archive is: it is read from `input`. */
  readonly streamed?: true;
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
  /** Of a terminal: no frames, its bytes as they are. */
  readonly tty: boolean;
  /** The end of the client's input is that of the process's. */
  readonly endsStdin: boolean;
  /** Typing them ends the connection; null: there are none. */
  readonly detachKeys: readonly number[] | null;
  /** They were typed. */
  readonly onDetach: () => void;
  /** Frames that go before the stream's. */
  readonly before?: AsyncIterable<Buffer>;
}

export function mediaType(tty: boolean): string {
  return `application/vnd.docker.${tty ? 'raw' : 'multiplexed'}-stream`;
}
