import type {Op} from '../../kernel/item.ts';
import type {Topology} from '../topology/topology.ts';
import {type End, formatEnd, linksOf, type WantedEnd} from './ends.ts';
import {formatImpairment, type Impairment} from './impairment.ts';

export interface ImpairedLab {
  /** What the file said, and what one that was cut off wanted. */
  readonly before: readonly Topology[];
  readonly want: Topology;
  /** What is set. */
  readonly actual: readonly WantedEnd[];
  /** Whether the link is made anew, and so has lost what was set. */
  isNew(end: End): boolean;
}

/**
 * What has to be set so that links are as the file says. What somebody set with `tnet lab impair` stays, where the file says
 * the same as before.
 */
export function planImpairChanges({before, want, actual, isNew}: ImpairedLab): readonly WantedEnd[] {
  const is = wishesOf(actual);
  const was = before.map(topology => wishesOf(linksOf(topology).flat()));
  return linksOf(want)
    .flat()
    .flatMap(({impairment, ...end}) => {
      const name = formatEnd(end);
      const now = is.get(name) ?? {};
      const byHand = was.every(wishes => !same(wishes.get(name) ?? {}, now));
      const target = byHand && same(was[0]?.get(name) ?? {}, impairment) ? now : impairment;
      const lost = isNew(end) && Object.keys(target).length > 0;
      return lost || !same(target, now) ? [{...end, impairment: target}] : [];
    });
}

/** Whether operations make the link, of which `end` is one end. */
export function madeBy(ops: readonly Op[], {node, link}: End, nodeOf: (ns: string) => string): boolean {
  return ops.some(({do: verb, item}) => {
    if (verb !== 'add' || item.kind !== 'link') return false;
    const ends = [{ns: item.ns, name: item.name}, ...(item.peer === null ? [] : [item.peer])];
    return ends.some(end => end.name === link && nodeOf(end.ns) === node);
  });
}

function wishesOf(ends: readonly WantedEnd[]): ReadonlyMap<string, Impairment> {
  return new Map(ends.map(({impairment, ...end}) => [formatEnd(end), impairment]));
}

const same = (a: Impairment, b: Impairment): boolean => formatImpairment(a) === formatImpairment(b);
