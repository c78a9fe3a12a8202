import {describeRule} from '../../kernel/netlink/nftables/describe-rule.ts';
import {decodeChain, decodeRule, dumpChains, dumpRules} from '../../kernel/netlink/nftables/rules.ts';
import type {NetlinkSocket} from '../../kernel/netlink/socket.ts';
import type {RuleView} from '../check/eyes.ts';

/** NFPROTO_*, and the names of their hooks by number. */
const inet = ['prerouting', 'input', 'forward', 'output', 'postrouting'];
const families = {
  ip: {number: 2, hooks: inet},
  ip6: {number: 10, hooks: inet},
  inet: {number: 1, hooks: [...inet, 'ingress']},
  bridge: {number: 7, hooks: inet},
  netdev: {number: 5, hooks: ['ingress', 'egress']},
  arp: {number: 3, hooks: ['input', 'output']},
} as const;

/** Like `nft list ruleset`: every rule with its chain's hook. */
export function readRules(socket: NetlinkSocket): readonly RuleView[] {
  return Object.entries(families).flatMap(([family, {number, hooks}]) => {
    const chains = socket.dump(dumpChains(number)).map(decodeChain);
    const tables = [...new Set(chains.map(({table}) => table))];
    return tables.flatMap(name =>
      socket.dump(dumpRules({family: number, name})).map(message => {
        const {table, chain, expressions} = decodeRule(message);
        const base = chains.find(each => each.table === table && each.name === chain)?.hook ?? null;
        return {
          family,
          table,
          chain,
          hook: base === null ? null : (hooks[base] ?? null),
          text: describeRule(expressions),
        };
      }),
    );
  });
}
