import {watch} from 'node:fs';

export interface Changes {
  /** Resolves at the next change, or at the end; one before the call counts. */
  next(): Promise<void>;
  ended(): boolean;
  close(): void;
}

/** What happens in a folder, until `finished`: a file in it may be renamed, and its successor appear. */
export function watchFolder(folder: string, finished: Promise<unknown>): Changes {
  let ended = false;
  let dirty = false;
  let wake = (): void => {};
  const touch = (): void => {
    dirty = true;
    wake();
  };
  const watcher = watch(folder, {persistent: false}, touch);
  watcher.on('error', () => {}); // the container is removed; its end follows
  void finished.finally(() => {
    ended = true;
    touch();
  });
  return {
    async next() {
      if (!dirty) await new Promise<void>(resolve => (wake = resolve));
      dirty = false;
    },
    ended: () => ended,
    close: () => watcher.close(),
  };
}
