import * as v from 'valibot';
import {parseIp} from '../../../model/ip.ts';
import {linkName} from '../../document/formats.ts';
import {type CheckType, shared} from '../check-type.ts';

export const addrSchema = v.strictObject({
  ...shared,
  type: v.literal('addr'),
  node: v.string(),
  dev: v.optional(linkName),
  /** `10.0.0.1/24`, or without a length when any will do. */
  address: v.string(),
});

export const addrType: CheckType<v.InferOutput<typeof addrSchema>> = {
  layer: 'address',
  look(eyes, {node, dev, address}) {
    const names = new Map(eyes.links(node).map(({index, name}) => [index, name]));
    const all = eyes.addresses(node).map(info => ({...info, dev: names.get(info.index) ?? '?'}));
    const [ip = '', length] = address.split('/');
    const wanted = parseIp(ip);
    const found = all.find(
      each =>
        each.address === wanted &&
        (length === undefined || each.prefixLength === Number(length)) &&
        (dev === undefined || each.dev === dev),
    );
    const global = all.filter(({scope}) => scope === 0);
    const got = global.map(each => `${each.address}/${each.prefixLength} on ${each.dev}`).join(', ');
    return {
      ok: found !== undefined,
      expected: `${node} has ${address}${dev === undefined ? '' : ` on ${dev}`}`,
      got: got === '' ? `${node} has no address yet` : `${node} has ${got}`,
      observed: global.length === 0 ? 'none' : all.some(each => each.address === wanted) ? 'elsewhere' : 'other',
    };
  },
};
