import type {Item} from '../../kernel/item.ts';
import type {ForwardPolicy, IptablesReading} from '../../kernel/read-iptables.ts';
import type {Family} from '../../model/ip.ts';
import {iptablesChanges, iptablesFrame} from './iptables.ts';
import {letThrough} from './let-through.ts';
import {toNft} from './nft.ts';
import type {Ruleset} from './ruleset.ts';

export const firewallNames = ['nftables', 'iptables', 'none'] as const;
export type FirewallName = (typeof firewallNames)[number];

/** Turns rulesets into kernel items. Pure. */
export interface Firewall {
  readonly name: FirewallName;
  /** A ruleset with what carries it: the table, the chains. */
  whole(ruleset: Ruleset): readonly Item[];
  /** What a ruleset adds to a table or to chains that are there. */
  changes(ruleset: Ruleset): readonly Item[];
  /** Tables in which others may change what matters to us, as kernel/netlink/monitor.ts names them. */
  readonly watches: readonly string[];
}

/** `forward` is what was just read of the host's own rules; nftables has to get along with them. */
export function firewallOf(name: FirewallName, forward: IptablesReading['forward'] = {4: null, 6: null}): Firewall {
  switch (name) {
    case 'nftables':
      return nftables(forward);
    case 'iptables':
      return {
        name,
        whole: ruleset => [...iptablesFrame(ruleset), ...iptablesChanges(ruleset)],
        changes: iptablesChanges,
        watches: ['ip', 'ip6'].flatMap(family => ['raw', 'nat', 'filter'].map(table => `${family} ${table}`)),
      };
    case 'none':
      return {name, whole: () => [], changes: () => [], watches: []};
  }
}

function nftables(forward: Readonly<Record<Family, ForwardPolicy | null>>): Firewall {
  const elements = (ruleset: Ruleset): readonly Item[] =>
    toNft(ruleset).elements.map((element): Item => ({ns: '', kind: 'element', ...element}));
  return {
    name: 'nftables',
    whole: ruleset => [
      {ns: '', kind: 'table', table: toNft(ruleset).table},
      ...elements(ruleset),
      ...letThrough(ruleset, forward),
    ],
    changes: ruleset => [...elements(ruleset), ...letThrough(ruleset, forward)],
    watches: ['tnet', 'ip filter', 'ip6 filter'],
  };
}
