import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import type {Check} from '../check/check.ts';
import type {Aspect, Eyes} from '../check/eyes.ts';
import {pictureOf} from '../check/types/unchanged.ts';
import type {LabRecord} from '../labs.ts';
import type {Scenario} from '../scenario/parse-scenario.ts';

/** In the lab's own /run. */
const fileOf = ({pid}: Pick<LabRecord, 'pid'>): string => `/proc/${pid}/root/run/lab/start/picture.json`;

type Wish = readonly [node: string, what: Aspect];

/** What the `unchanged` checks of an exercise compare with. */
export function wantedPicture({tasks, guards}: Pick<Scenario, 'tasks' | 'guards'>): readonly Wish[] {
  const checks: readonly Check[] = [...tasks.flatMap(task => task.checks), ...guards];
  return checks
    .flatMap(check => (check.type === 'any' ? check.of : [check]))
    .flatMap(check => (check.type === 'unchanged' ? check.what.map((what): Wish => [check.node, what]) : []));
}

export function keepPicture(record: Pick<LabRecord, 'pid'>, wanted: readonly Wish[], eyes: Eyes): void {
  const picture = wanted.map(([node, what]) => [keyOf(node, what), pictureOf(eyes, node, what)] as const);
  mkdirSync(dirname(fileOf(record)), {recursive: true});
  writeFileSync(fileOf(record), JSON.stringify(Object.fromEntries(picture)));
}

export function readPicture(record: Pick<LabRecord, 'pid'>, node: string, what: Aspect): readonly string[] | null {
  try {
    const picture = JSON.parse(readFileSync(fileOf(record), 'utf8')) as Record<string, readonly string[]>;
    return picture[keyOf(node, what)] ?? null;
  } catch {
    return null;
  }
}

const keyOf = (node: string, what: Aspect): string => `${node} ${what}`;
