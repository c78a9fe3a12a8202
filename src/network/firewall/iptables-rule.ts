import {createHash} from 'node:crypto';
import {mark} from '../../kernel/iptables-text.ts';
import type {IptablesRuleItem, Item} from '../../kernel/item.ts';

/** Where a rule goes. */
export type RulePlace = Pick<IptablesRuleItem, 'family' | 'table' | 'chain' | 'head'>;

/** One rule with its key: `-p tcp --dport 80 -m comment --comment "tnet 3f2a9c81d0b7" -j ACCEPT`. */
export function iptablesRule(place: RulePlace, match: string, target: string): Item {
  const key = hash([place.family, place.table, place.chain, match, target].join(' '));
  const spec = [match, mark(key), target].filter(Boolean).join(' ');
  return {ns: '', kind: 'iptables-rule', ...place, key, spec};
}

export function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
