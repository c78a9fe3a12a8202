import {TnetError} from '../../errors.ts';
import type {TraceFacts, TraceSpec} from '../../kernel/trace/facts.ts';
import type {Container} from '../../model/container.ts';
import type {TraceAnswer} from '../../model/trace.ts';
import type {KnownNames} from '../../network/trace/names.ts';
import {planTrace, type TraceEnd} from '../../network/trace/plan-trace.ts';
import {tellStory} from '../../network/trace/story.ts';
import {decodeTrace} from '../decode-trace.ts';
import {decoding, describeFailure} from '../failure.ts';
import type {ServerParts} from '../parts.ts';
import {type Reply, stream} from '../reply.ts';
import type {Call, Route} from '../route.ts';

export function traceRoutes(parts: ServerParts): readonly Route[] {
  return [{method: 'POST', path: '/tnet/trace', handle: call => trace(parts, call)}];
}

/** What is wrong with the request is known at once; the packet takes its time, and a client that leaves ends it. */
function trace(parts: ServerParts, {body}: Call): Reply {
  const {engine, controller, log} = parts;
  const attachments = controller.attachmentsOf({});
  const spec = decoding(() =>
    planTrace(decodeTrace(body), {
      networks: controller.list(),
      attachments,
      container: ref => endOf(parts, engine.get(ref)),
    }),
  );
  const networks = controller.list();
  const known: KnownNames = {
    containers: new Map(engine.list().flatMap(container => nameOf(parts, container))),
    internal: new Set(networks.filter(({internal}) => internal).map(({device}) => device)),
    daemonPid: process.pid,
  };
  const abort = new AbortController();
  const answer = parts.tracer.trace(spec, abort.signal).then(
    (facts: TraceFacts): TraceAnswer => ({report: tellStory(facts, known)}),
    (error: unknown): TraceAnswer => {
      const {body: failure, bug} = describeFailure(error);
      if (bug && !abort.signal.aborted) log.error('POST /tnet/trace', error);
      return {error: {message: failure.message, code: failure.code ?? 'ERR_DAEMON'}};
    },
  );
  return stream(
    'application/json',
    onlyOnce(answer, () => abort.abort(new Error('the client left'))),
  );
}

/** Not a generator: its return() would wait for the answer that nobody wants any more. */
function onlyOnce(answer: Promise<TraceAnswer>, onLeave: () => void): AsyncIterable<string> {
  let given = false;
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        if (given) return {done: true, value: undefined};
        const value = `${JSON.stringify(await answer)}\n`;
        given = true;
        return {done: false, value};
      },
      async return() {
        onLeave();
        return {done: true, value: undefined};
      },
    }),
  };
}

function nameOf(parts: ServerParts, container: Container): readonly (readonly [TraceSpec['from'], string])[] {
  if (container.state.status !== 'running' || container.config.network.kind !== 'network') return [];
  return [[endOf(parts, container).ns, container.name]];
}

/** The namespace that a container is in, and what is attached to it. */
function endOf(parts: ServerParts, container: Container): TraceEnd {
  const {name, config, state, id} = container;
  if (state.status !== 'running')
    throw new TnetError('ERR_CONFLICT', `Cannot trace "${name}": container ${id.slice(0, 12)} is not running`);
  if (config.network.kind === 'host') return {name: 'host', ns: '', attachments: []};
  if (config.network.kind === 'container') return endOf(parts, parts.engine.get(config.network.container));
  const attachments = parts.controller.attachmentsOf({owner: id});
  return {name, ns: attachments[0]?.sandbox ?? `/proc/${state.pid}/ns/net`, attachments};
}
