import {startTimeoutMs} from '../api/start-timeout.ts';

const usualMs = 10_000;
/** Silence has to be waited for too: ten times the patience would make ten times the hours. */
const most = 4;

/** How much longer than usual things may take, by what a daemon's start may (`TNET_START_TIMEOUT`): 1 to 4. */
export function slowness(env: Readonly<Record<string, string | undefined>>): number {
  return Math.min(Math.max(startTimeoutMs(env) / usualMs, 1), most);
}
