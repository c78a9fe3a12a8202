import type {AttachStream} from './attach-stream.ts';

/** Clients that attached to a container before it runs. */
export interface EarlyStreams {
  /** A client that leaves is forgotten. */
  add(id: string, stream: AttachStream): void;
  /** Those of a container, from now on somebody else's. */
  take(id: string): readonly AttachStream[];
}

export function createEarlyStreams(): EarlyStreams {
  const early = new Map<string, Set<AttachStream>>();
  return {
    add(id, stream) {
      const streams = early.get(id) ?? new Set();
      early.set(id, streams.add(stream));
      stream.duplex.once('close', () => {
        streams.delete(stream);
        if (streams.size === 0 && early.get(id) === streams) early.delete(id);
      });
    },
    take(id) {
      const streams = [...(early.get(id) ?? [])];
      early.delete(id);
      return streams;
    },
  };
}
