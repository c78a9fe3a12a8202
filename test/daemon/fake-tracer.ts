import type {Tracer} from '../../src/kernel/trace/tracer.ts';

/** No packet ever comes: it waits until it is told to stop. */
export function createFakeTracer(): Tracer {
  return {
    trace: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), {once: true});
      }),
  };
}
