/** Steps taken so far, so that a failure half-way takes them back, last first. */
export interface Undo {
  /** Call right after a step has succeeded. */
  add(step: () => Promise<void> | void): void;
  /** Goes on when a step fails, and returns what failed. */
  run(): Promise<readonly unknown[]>;
}

export function createUndo(): Undo {
  const steps: (() => Promise<void> | void)[] = [];
  return {
    add: step => void steps.push(step),
    async run() {
      const failures: unknown[] = [];
      for (const step of steps.splice(0).reverse()) {
        try {
          await step();
        } catch (error) {
          failures.push(error);
        }
      }
      return failures;
    },
  };
}
