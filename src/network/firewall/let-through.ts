import type {Item} from '../../kernel/item.ts';
import type {ForwardPolicy} from '../../kernel/read-iptables.ts';
import {type Family, ipFamily} from '../../model/ip.ts';
import {iptablesRule} from './iptables-rule.ts';
import type {Ruleset} from './ruleset.ts';

/**
 * Docker, ufw and others set the policy of iptables' FORWARD to DROP, and what one nftables chain accepts another still drops. So our
 * bridges are let through there, where a person would do it; what may pass is decided in our own table, whose drops are final too.
 */
export function letThrough(
  {networks}: Ruleset,
  forward: Readonly<Record<Family, ForwardPolicy | null>>,
): readonly Item[] {
  return networks.flatMap(({device, prefix, mode}) => {
    const family = ipFamily(prefix);
    const found = forward[family];
    if (found?.policy !== 'drop' || mode === 'foreign') return [];
    const at = {family, table: 'filter', chain: found.dockerUser ? 'DOCKER-USER' : 'FORWARD', head: true} as const;
    return [`-i ${device}`, `-o ${device}`].map(match => iptablesRule(at, match, '-j ACCEPT'));
  });
}
