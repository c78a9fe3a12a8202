import type {Scenario} from './parse-scenario.ts';

/** What a list of exercises says of one. */
export type ExerciseHead = Pick<Scenario, 'id' | 'title' | 'track' | 'order' | 'minutes'>;

/** An exercise whose file has not been read whole. */
export interface ListedExercise {
  readonly folder: string;
  readonly scenario: ExerciseHead;
}

/** `index.json` of a folder of exercises, by their folders' names: thirty YAML files take half a second to read. */
export type CatalogIndex = Readonly<Record<string, ExerciseHead & {readonly bytes: number}>>;

/** An entry serves as long as its file is as long as it was: one that an author is changing is read. */
export function indexEntry({id, title, track, order, minutes}: ExerciseHead, bytes: number): CatalogIndex[string] {
  return {bytes, id, title, track, order, minutes};
}
