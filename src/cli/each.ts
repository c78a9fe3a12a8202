import type {Context} from './context.ts';
import {describeError} from './failure.ts';

/** Does `work` for every name at once; prints what it returns (by default the name), reports each failure, in the order given. */
export async function forEachName(
  names: readonly string[],
  context: Context,
  work: (name: string) => Promise<string | undefined>,
): Promise<void> {
  const results = await Promise.allSettled(names.map(work));
  results.forEach((result, i) => {
    if (result.status === 'fulfilled') context.print(result.value ?? names[i]!);
    else context.fail(describeError(result.reason));
  });
}
