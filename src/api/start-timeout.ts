const defaultMs = 10_000;
/** Of a timer: 2^31 - 1 ms, 24 days. */
const longestS = 2_147_483;

/**
 * How long a client waits for the daemon it starts: `TNET_START_TIMEOUT` in seconds (fractions too), 10 s when unset or empty.
 * A slow machine or a large state wants more. Throws RangeError when it is no such number.
 */
export function startTimeoutMs(env: Readonly<Record<string, string | undefined>>): number {
  const text = env.TNET_START_TIMEOUT;
  if (!text) return defaultMs;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= longestS) return seconds * 1000;
  throw new RangeError(`TNET_START_TIMEOUT "${text}" is no number of seconds above 0`);
}
