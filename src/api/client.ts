import {type ClientRequest, request as httpRequest, type IncomingMessage} from 'node:http';
import type {Duplex, Readable} from 'node:stream';
import {text} from 'node:stream/consumers';
import {type ApiError, decodeError} from './api-error.ts';
import {netnsHeader, netnsIdentity} from './netns.ts';
import {apiVersion} from './version.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
export type Query = Readonly<Record<string, string | number | boolean | undefined | readonly string[]>>;

export interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
}

/** Speaks to one daemon. Every method throws ApiError when the daemon refuses, and node's own error when it cannot be reached. */
export interface Client {
  /** The JSON of the answer; undefined when it has none (204, 304). */
  call<T = unknown>(method: Method, path: string, options?: RequestOptions): Promise<T>;
  /** The answer as it comes, for what does not end soon. Destroy it to stop. */
  stream(method: Method, path: string, options?: RequestOptions): Promise<IncomingMessage>;
  /** Sends what `input` has to its end as the body. The answer's text. */
  upload(method: Method, path: string, options: {readonly query?: Query; readonly input: Readable}): Promise<string>;
  /** Hijacks the connection: what is written goes to the container, what is read comes from it. */
  upgrade(path: string, options?: RequestOptions): Promise<Duplex>;
}

/** `standpoint`: the network namespace that the daemon is to take us to stand in; by default the one we do. */
export function createClient(socketPath: string, standpoint: string = netnsIdentity()): Client {
  const identity = {[netnsHeader]: standpoint};
  const send = (
    method: Method,
    path: string,
    {query = {}, body, headers = {}}: RequestOptions & {headers?: Record<string, string>},
  ): ClientRequest => {
    const json = body === undefined ? '' : JSON.stringify(body);
    const type = json === '' ? {} : {'content-type': 'application/json', 'content-length': Buffer.byteLength(json)};
    const request = httpRequest({
      socketPath,
      method,
      path: url(path, query),
      headers: {host: 'tnet', ...identity, ...type, ...headers},
    });
    request.end(json);
    return request;
  };
  const stream: Client['stream'] = async (method, path, options = {}) =>
    accept(await answer(send(method, path, options)));
  return {
    stream,
    async call<T>(method: Method, path: string, options: RequestOptions = {}) {
      const body = await text(await stream(method, path, options));
      return (body === '' ? undefined : JSON.parse(body)) as T;
    },
    async upload(method, path, {query = {}, input}) {
      const request = httpRequest({
        socketPath,
        method,
        path: url(path, query),
        headers: {host: 'tnet', ...identity, 'content-type': 'application/x-tar'},
      });
      const response = answer(request);
      input.once('error', error => request.destroy(error)).pipe(request);
      return text(await accept(await response));
    },
    upgrade: (path, options = {}) =>
      upgraded(send('POST', path, {...options, headers: {connection: 'Upgrade', upgrade: 'tcp'}})),
  };
}

function url(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (Array.isArray(value)) for (const each of value) search.append(name, each);
    else if (value !== undefined && value !== false) search.set(name, value === true ? '1' : String(value));
  return `/v${apiVersion}${path}${search.size > 0 ? `?${search}` : ''}`;
}

function answer(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
}

async function accept(response: IncomingMessage): Promise<IncomingMessage> {
  const status = response.statusCode ?? 0;
  if ((status >= 200 && status < 300) || status === 304) return response;
  throw await refusal(response);
}

async function refusal(response: IncomingMessage): Promise<ApiError> {
  return decodeError(response.statusCode ?? 0, await text(response));
}

function upgraded(request: ClientRequest): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    request.once('upgrade', (_response, socket: Duplex, head: Buffer) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once('response', response => void refusal(response).then(reject, reject));
    request.once('error', reject);
  });
}
