import type {Client} from '../../api/client.ts';
import {forwardSignals} from '../forward-signals.ts';

export interface Endings {
  readonly client: Client;
  readonly id: string;
  /** 0 is without end. */
  readonly durationMs: number;
  cut(): void;
}

/** A signal, or the time that is over, asks the daemon for the end; a second signal does not wait for it. */
export function endings({client, id, durationMs, cut}: Endings): {cancel(): void} {
  let asked = false;
  const end = (): void => {
    if (asked) cut();
    else client.call('DELETE', `/tnet/captures/${id}`).catch(() => {}); // it has just ended
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
