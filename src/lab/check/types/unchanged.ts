import * as v from 'valibot';
import {type CheckType, shared} from '../check-type.ts';
import {type Aspect, aspects, type Eyes} from '../eyes.ts';

export const unchangedSchema = v.strictObject({
  ...shared,
  type: v.literal('unchanged'),
  node: v.string(),
  /** As it was when the exercise began. */
  what: v.pipe(v.array(v.picklist(aspects)), v.minLength(1)),
});

export const unchangedType: CheckType<v.InferOutput<typeof unchangedSchema>> = {
  layer: 'node',
  look(eyes, {node, what}) {
    const changed = what.flatMap(aspect => changes(eyes, node, aspect));
    return {
      ok: changed.length === 0,
      expected: `${what.join(', ')} of ${node} are as they were`,
      got: changed.length === 0 ? 'they are' : changed.join('; '),
      observed: changed.length === 0 ? 'same' : 'changed',
    };
  },
};

function changes(eyes: Eyes, node: string, aspect: Aspect): readonly string[] {
  const was = eyes.atStart(node, aspect);
  if (was === null) return [`nobody looked at ${aspect} of ${node} when the lab began; reset it`];
  const is = pictureOf(eyes, node, aspect);
  return [
    ...was.filter(line => !is.includes(line)).map(line => `gone: ${line}`),
    ...is.filter(line => !was.includes(line)).map(line => `new: ${line}`),
  ];
}

/** RTPROT_KERNEL: comes and goes with addresses. */
const kernelProtocol = 2;

/** A line each, without what changes by itself: states, counters, numbers. */
const pictures: Readonly<Record<Aspect, (eyes: Eyes, node: string) => readonly string[]>> = {
  links(eyes, node) {
    const links = eyes.links(node);
    const nameOf = (wanted: number | null): string => links.find(({index}) => index === wanted)?.name ?? '';
    return links.map(({name, kind, mtu, mac, up, masterIndex, qdisc}) =>
      [`link ${name}`, kind, `mtu ${mtu}`, mac, up ? 'up' : 'down', nameOf(masterIndex), qdisc]
        .filter(Boolean)
        .join(' '),
    );
  },
  addresses: (eyes, node) =>
    eyes
      .addresses(node)
      .filter(({scope}) => scope === 0)
      .map(({address, prefixLength}) => `address ${address}/${prefixLength}`),
  routes: (eyes, node) =>
    eyes
      .routes(node)
      .filter(({protocol}) => protocol !== kernelProtocol)
      .map(({to, via, type, table, metric}) => `route ${to} via ${via} ${type} table ${table} metric ${metric}`),
  nft: (eyes, node) => eyes.rules(node).map(({family, table, chain, text}) => `${family} ${table} ${chain}: ${text}`),
};

export function pictureOf(eyes: Eyes, node: string, aspect: Aspect): readonly string[] {
  return pictures[aspect](eyes, node);
}
