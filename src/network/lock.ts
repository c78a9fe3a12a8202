/** Runs jobs one after the other, in the order they were given; a failing one does not stop the next. */
export type Lock = <T>(job: () => Promise<T>) => Promise<T>;

export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return job => {
    const run = last.then(job);
    last = run.catch(() => {});
    return run;
  };
}
