import * as v from 'valibot';
import {ipText, linkName} from '../../document/formats.ts';
import {type CheckType, shared} from '../check-type.ts';

export const routeSchema = v.strictObject({
  ...shared,
  type: v.literal('route'),
  node: v.string(),
  /** Address whose way is asked of the kernel: rules, tables and metrics count, no text is compared. */
  to: ipText,
  /** The next hop; `none`: the destination is on the link. */
  via: v.optional(v.union([v.literal('none'), ipText])),
  dev: v.optional(linkName),
  /** Source address of the packet; where it is left out the kernel chooses. */
  from: v.optional(ipText),
});

export const routeType: CheckType<v.InferOutput<typeof routeSchema>> = {
  layer: 'route',
  look(eyes, {node, to, via, dev, from}) {
    const {route, error} = eyes.lookUp(node, to, from);
    const links = eyes.links(node);
    const name = links.find(({index}) => index === route?.oif)?.name ?? null;
    const ok =
      route !== null &&
      (via === undefined || (via === 'none' ? route.via === null : route.via === via)) &&
      (dev === undefined || dev === name);
    const wish = [
      via === undefined ? null : via === 'none' ? 'directly' : `via ${via}`,
      dev === undefined ? null : `by ${dev}`,
    ];
    const way =
      route === null
        ? ''
        : [route.via === null ? 'directly' : `via ${route.via}`, name === null ? '' : `by ${name}`].join(' ');
    return {
      ok,
      expected: `${node} has a way to ${to}${wish.some(Boolean) ? `: ${wish.filter(Boolean).join(' ')}` : ''}`,
      got: route === null ? `no row of its routing table matches (${error})` : `row ${route.to} matches: ${way}`,
      observed: route === null ? 'none' : 'other',
    };
  },
};
