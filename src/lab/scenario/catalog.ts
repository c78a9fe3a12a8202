import type {ListedExercise} from './catalog-index.ts';
import type {Scenario} from './parse-scenario.ts';

/** An exercise and its folder. */
export interface Exercise {
  readonly folder: string;
  readonly scenario: Scenario;
}

export const tracks = ['basics', 'containers', 'path', 'overlay', 'ops'] as const;

/** In the order in which they are learned. */
export function inOrder<E extends ListedExercise>(exercises: readonly E[]): readonly E[] {
  return [...exercises].sort(
    (a, b) => a.scenario.order - b.scenario.order || a.scenario.id.localeCompare(b.scenario.id),
  );
}

/** By id, by order, or by the name of its folder. */
export function findExercise<E extends ListedExercise>(exercises: readonly E[], wanted: string): E | null {
  const names = ({folder, scenario}: ListedExercise): readonly string[] => [
    scenario.id,
    `${scenario.order}`,
    folder.replace(/^.*\//, ''),
  ];
  return exercises.find(exercise => names(exercise).includes(wanted)) ?? null;
}
