import type {Scenario} from './parse-scenario.ts';

/** An exercise and its folder. */
export interface Exercise {
  readonly folder: string;
  readonly scenario: Scenario;
}

export const tracks = ['basics', 'containers', 'path', 'overlay', 'ops'] as const;

/** In the order in which they are learned. */
export function inOrder(exercises: readonly Exercise[]): readonly Exercise[] {
  return [...exercises].sort(
    (a, b) => a.scenario.order - b.scenario.order || a.scenario.id.localeCompare(b.scenario.id),
  );
}

/** By id, by order, or by the name of its folder. */
export function findExercise(exercises: readonly Exercise[], wanted: string): Exercise | null {
  const names = ({folder, scenario}: Exercise): readonly string[] => [
    scenario.id,
    `${scenario.order}`,
    folder.replace(/^.*\//, ''),
  ];
  return exercises.find(exercise => names(exercise).includes(wanted)) ?? null;
}
