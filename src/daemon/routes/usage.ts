import {setTimeout as sleep} from 'node:timers/promises';
import type {ContainerStats, ContainerTop} from '../../api/container-stats-types.ts';
import {listProcesses} from '../../runtime/top.ts';
import {encodeContainerStats} from '../encode-container-stats.ts';
import {readHostUsage} from '../host-usage.ts';
import type {ServerParts} from '../parts.ts';
import {queryFlag} from '../query.ts';
import {json, type Reply, stream} from '../reply.ts';
import type {Call, Route} from '../route.ts';

/** Between two readings, Docker's. */
const intervalMs = 1000;

/** What containers use, and their processes. */
export function usageRoutes(parts: ServerParts): readonly Route[] {
  return [
    {method: 'GET', path: '/containers/:ref/stats', handle: call => stats(parts, call)},
    {method: 'GET', path: '/containers/:ref/top', handle: call => top(parts, call)},
  ];
}

/** `stream` is true by default; without it `one-shot` saves the reading of a second before, and with it CPU rates. */
async function stats(parts: ServerParts, {params, query}: Call): Promise<Reply> {
  const {id, state} = parts.engine.get(params.ref!);
  if (!query.has('stream') || queryFlag(query, 'stream'))
    return stream('application/json', jsonLines(readings(parts, id)));
  const answers = readings(parts, id);
  try {
    const first = await answers.next();
    if (queryFlag(query, 'one-shot') || state.status !== 'running') return json(first.value);
    return json((await answers.next()).value ?? first.value);
  } finally {
    await answers.return(undefined);
  }
}

async function* jsonLines(answers: AsyncIterable<ContainerStats>): AsyncGenerator<string> {
  for await (const answer of answers) yield `${JSON.stringify(answer)}\n`;
}

async function* readings(parts: ServerParts, id: string): AsyncGenerator<ContainerStats, undefined> {
  const reader = parts.engine.usage(id);
  let before: ContainerStats | null = null;
  try {
    for (;;) {
      const container = parts.engine.list().find(each => each.id === id);
      if (container === undefined) return;
      const usage = reader.read();
      const attachments = parts.controller.stats(parts.controller.attachmentsOf({owner: networkOwner(parts, id)}));
      before = encodeContainerStats({container, usage, attachments, host: readHostUsage(), now: parts.now()}, before);
      yield before;
      await sleep(intervalMs);
    }
  } finally {
    reader.close();
  }
}

/** With `--network container:` the figures are the other's, whose interfaces they are. */
function networkOwner({engine}: ServerParts, id: string): string {
  const {network} = engine.get(id).config;
  try {
    return network.kind === 'container' ? engine.get(network.container).id : id;
  } catch {
    return id;
  }
}

async function top({engine}: ServerParts, {params, query}: Call): Promise<Reply> {
  const {titles, rows} = await listProcesses(engine.processes(params.ref!), query.get('ps_args') || '-ef');
  const answer: ContainerTop = {Titles: titles, Processes: rows};
  return json(answer);
}
