/** Like an async generator that filters; `return()` reaches the source at once, as mapAsync()'s. */
export function filterAsync<T>(source: AsyncIterable<T>, wanted: (value: T) => boolean): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      return {
        async next() {
          for (;;) {
            const next = await iterator.next();
            if (next.done || wanted(next.value)) return next;
          }
        },
        async return() {
          await iterator.return?.();
          return {done: true, value: undefined};
        },
      };
    },
  };
}
