import {Duplex} from 'node:stream';
import {parseDetachKeys} from '../../api/detach-keys.ts';
import {demultiplex, encodeFrame} from '../../api/stdcopy.ts';
import {TnetError} from '../../errors.ts';
import {containerEvent} from '../../model/event.ts';
import type {Exec} from '../../runtime/exec/exec.ts';
import {decodeExec, decodeExecStart} from '../decode-exec.ts';
import {encodeExec} from '../encode-exec.ts';
import type {ServerParts} from '../parts.ts';
import {querySize} from '../query.ts';
import {empty, json, type Reply, stream} from '../reply.ts';
import {type Call, type Hijacked, type HijackRoute, mediaType, type Route} from '../route.ts';

/** Further processes in a container. */
export function execRoutes({engine}: ServerParts): readonly Route[] {
  const {execs} = engine;
  return [
    {
      method: 'POST',
      path: '/containers/:ref/exec',
      handle: ({params, body}) => json({Id: execs.create(engine.get(params.ref!), decodeExec(body)).id}, 201),
    },
    {method: 'POST', path: '/exec/:id/start', handle: call => start(engine, call)},
    {method: 'GET', path: '/exec/:id/json', handle: ({params}) => json(encodeExec(execs.get(params.id!)))},
    {
      method: 'POST',
      path: '/exec/:id/resize',
      handle({params, query}) {
        execs.resize(params.id!, querySize(query));
        return empty(200);
      },
    },
  ];
}

export function execHijackRoutes(parts: ServerParts): readonly HijackRoute[] {
  return [{method: 'POST', path: '/exec/:id/start', hijack: call => startHijacked(parts, call)}];
}

/** Detached; or by a client that cannot take over its connection: it sees the output, and has no input. */
async function start({execs}: ServerParts['engine'], {params, body}: Call): Promise<Reply> {
  const {detach, size} = decodeExecStart(body);
  const duplex = await execs.start(params.id!, size);
  const {tty} = execs.get(params.id!).config.streams;
  duplex.end();
  if (!detach) return stream(mediaType(tty), tty ? payloads(duplex) : duplex);
  duplex.destroy();
  return empty(200);
}

async function* payloads(frames: Duplex): AsyncGenerator<Buffer> {
  for await (const {payload} of demultiplex(frames)) yield payload;
}

/** As Docker, which has answered 101 by then: why a command did not start is in its output, and in its exit code. */
async function startHijacked(parts: ServerParts, {params, body}: Call): Promise<Hijacked> {
  const {execs} = parts.engine;
  const {size} = decodeExecStart(body);
  const exec = execs.get(params.id!);
  try {
    return hijacked(parts, exec, await execs.start(exec.id, size));
  } catch (error) {
    if (!(error instanceof TnetError) || !isLaunchFailure(error)) throw error;
    return {
      ...hijacked(parts, exec, Duplex.from([encodeFrame('stderr', `${error.message}\r\n`)])),
      stdin: false,
      stderr: true,
    };
  }
}

function isLaunchFailure({code}: TnetError): boolean {
  return code === 'ERR_COMMAND_NOT_FOUND' || code === 'ERR_COMMAND_NOT_EXECUTABLE' || code === 'ERR_LAUNCH';
}

function hijacked({engine, events}: ServerParts, exec: Exec, duplex: Duplex): Hijacked {
  const {id, container, config} = exec;
  const {tty, attach} = config.streams;
  const detachKeys = parseDetachKeys(config.detachKeys);
  const onDetach = (): void => events.emit(containerEvent(engine.get(container), 'exec_detach', {execID: id}));
  return {stream: duplex, ...attach, tty, endsStdin: true, detachKeys: tty ? detachKeys : null, onDetach};
}
