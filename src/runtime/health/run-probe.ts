import type {Duplex} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Container} from '../../model/container.ts';
import type {HealthResult} from '../../model/healthcheck.ts';
import {detachedStreams} from '../../model/streams.ts';
import type {Execs} from '../exec/execs.ts';

export interface Probe {
  readonly execs: Execs;
  readonly container: Container;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  /** Kills it. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

const maxOutputBytes = 4096;
/** What a killed probe has left behind may hold its output open; nobody waits for that. */
const graceMs = 1000;

/** Runs a probe to its end, or kills it. Never throws: that it could not start is a result. */
export async function runProbe(probe: Probe): Promise<HealthResult> {
  const {execs, container, args, now} = probe;
  const start = now().toISOString();
  const result = (exitCode: number, output: string): HealthResult => ({
    start,
    end: now().toISOString(),
    exitCode,
    output: cut(output),
  });
  let id: string | null = null;
  try {
    id = execs.create(container, {
      args,
      env: [],
      cwd: '',
      user: '',
      privileged: false,
      streams: {...detachedStreams, attach: {stdin: false, stdout: true, stderr: true}},
      detachKeys: '',
      probe: true,
    }).id;
    const {inTime, output} = await runExec(probe, id);
    if (inTime) return result(execs.get(id).state.exitCode ?? -1, output);
    const late = `Health check exceeded timeout (${formatMs(probe.timeoutMs)})`;
    return result(-1, output === '' ? late : `${late}: ${output}`);
  } catch (error) {
    return result(-1, (error as Error).message);
  } finally {
    if (id !== null) await execs.forget(id);
  }
}

async function runExec({execs, timeoutMs, signal}: Probe, id: string): Promise<{inTime: boolean; output: string}> {
  const timer = new AbortController();
  const late = sleep(timeoutMs, false, {ref: false, signal: AbortSignal.any([signal, timer.signal])}).catch(
    () => false,
  );
  const duplex = await execs.start(id, null);
  duplex.end();
  const output = collectOutput(duplex);
  const inTime = await Promise.race([output.ended.then(() => true), late]);
  timer.abort();
  if (!inTime) {
    execs.kill(id);
    await Promise.race([output.ended, sleep(graceMs, undefined, {ref: false})]);
  }
  duplex.destroy();
  return {inTime, output: output.text()};
}

/** Reads all of it, so that the probe never waits for us, and keeps its beginning. */
function collectOutput(duplex: Duplex): {readonly ended: Promise<void>; text(): string} {
  const kept: Buffer[] = [];
  let bytes = 0;
  const ended = (async (): Promise<void> => {
    for await (const frame of duplex) {
      if (bytes > maxOutputBytes) continue;
      const payload = (frame as Buffer).subarray(8);
      kept.push(payload);
      bytes += payload.length;
    }
  })().catch(() => {});
  return {ended, text: () => Buffer.concat(kept).toString()};
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxOutputBytes) return text;
  return `${bytes
    .subarray(0, maxOutputBytes - 3)
    .toString()
    .replace(/\ufffd+$/, '')}...`;
}

/** As Go prints a duration, for those that are whole: `30s`, `1m30s`, `500ms`. */
function formatMs(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const [hours, minutes, seconds] = [Math.floor(ms / 3.6e6), Math.floor(ms / 60_000) % 60, (ms % 60_000) / 1000];
  return `${hours > 0 ? `${hours}h` : ''}${ms >= 60_000 ? `${minutes}m` : ''}${seconds}s`;
}
