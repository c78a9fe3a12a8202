import type {Op} from '../kernel/item.ts';
import type {Controller} from '../network/controller.ts';
import type {Preview as NetworkPreview} from '../network/preview.ts';
import {createEngine, type Engine, type EngineParts} from './engine.ts';
import {pretendLife} from './pretend-life.ts';

/** What a command works with. */
export interface Verbs {
  readonly controller: Controller;
  readonly engine: Engine;
}

/** What `--dry-run` prints: the operations that a job would do, with its verbs pretending. Fails as the job would. */
export type Preview = (job: (verbs: Verbs) => Promise<unknown>) => Promise<readonly Op[]>;

export function createPreview(parts: EngineParts, preview: NetworkPreview): Preview {
  return job =>
    preview(async ({controller, store}) => {
      const shadowed = {...parts, controller, store, emit: () => {}};
      await job({controller, engine: await createEngine(shadowed, pretendLife(shadowed))});
    });
}
