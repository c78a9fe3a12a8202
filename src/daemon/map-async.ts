/** Like an async generator that maps, but `return()` reaches the source at once, even while it waits for its next value. */
export function mapAsync<T, U>(source: AsyncIterable<T>, map: (value: T) => U): AsyncIterable<U> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = source[Symbol.asyncIterator]();
      return {
        async next() {
          const next = await iterator.next();
          return next.done ? {done: true, value: undefined} : {done: false, value: map(next.value)};
        },
        async return() {
          await iterator.return?.();
          return {done: true, value: undefined};
        },
      };
    },
  };
}
