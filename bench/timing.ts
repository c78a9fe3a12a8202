/** Milliseconds that `job` takes, also what it waits for. */
export async function timed(job: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await job();
  return performance.now() - begin;
}

/** Of an even number the upper one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
