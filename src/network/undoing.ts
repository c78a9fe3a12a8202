/** Runs `job`; when it fails, runs `undo` and throws the cause. A failing undo makes it an AggregateError. */
export async function undoing<T>(job: () => Promise<T>, undo: () => void | Promise<void>): Promise<T> {
  try {
    return await job();
  } catch (cause) {
    try {
      await undo();
    } catch (second) {
      throw new AggregateError([cause, second], (cause as Error).message, {cause});
    }
    throw cause;
  }
}
