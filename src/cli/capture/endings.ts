import {forwardSignals} from '../forward-signals.ts';

export interface Endings {
  /** 0 is without end. */
  readonly durationMs: number;
  /** Asks for the end, with what has arrived and the counts. */
  ask(): void;
  cut(): void;
}

/** A signal, or the time that is over, asks for the end; a second signal does not wait for it. */
export function endings({durationMs, ask, cut}: Endings): {cancel(): void} {
  let asked = false;
  const end = (): void => {
    if (asked) cut();
    else ask();
    asked = true;
  };
  const timer = durationMs > 0 ? setTimeout(end, durationMs) : undefined;
  const restore = forwardSignals(end);
  return {
    cancel() {
      clearTimeout(timer);
      restore();
    },
  };
}
