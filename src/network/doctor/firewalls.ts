import type {ForwardChain} from '../../kernel/kernel-facts.ts';
import {type Check, finding, networkOf} from './finding.ts';

/** Chains of other tools that drop what nobody in them has thought of. */
export const checkForward: Check = ({realized, kernel: {forwardChains}}) => {
  const dropping = forwardChains.filter(({table, family, otherwise}) => {
    return otherwise === 'drop' && !(table === 'tnet' && family === 'inet');
  });
  return realized
    .filter(({internal}) => !internal)
    .flatMap(network =>
      dropping
        .filter(({mentions}) => !mentions.includes(network.device))
        .map(chain => {
          const tool = toolOf(chain);
          const what = `${tool.name} drops forwarded packets (chain "${chain.name}" of table "${chain.family} ${chain.table}") and has no rule for "${network.device}".`;
          return finding('forward-drop', {object: networkOf(network), what, fix: tool.fix(network.device)});
        }),
    );
};

interface Tool {
  readonly name: string;
  fix(device: string): string;
}

const both = (command: (option: string) => string): string => `${command('-i')} && ${command('-o')}`;

/** Whose chain it is. Docker and ufw write theirs with iptables, into `ip filter`. */
function toolOf({family, table, name}: ForwardChain): Tool {
  if (table === 'firewalld')
    return {
      name: 'firewalld',
      fix: device => `firewall-cmd --permanent --zone=trusted --add-interface=${device} && firewall-cmd --reload`,
    };
  if (name !== 'FORWARD' || table !== 'filter')
    return {
      name: `The nft table "${table}"`,
      fix: device =>
        `nft insert rule ${family} ${table} ${name} iifname "${device}" accept && nft insert rule ${family} ${table} ${name} oifname "${device}" accept, and the same in its configuration file`,
    };
  const iptables = family === 'ip6' ? 'ip6tables' : 'iptables';
  return {
    name: iptables,
    fix: device =>
      `${both(option => `${iptables} -I FORWARD ${option} ${device} -j ACCEPT`)}; with ufw: ufw route allow in on ${device} && ufw route allow out on ${device}; with Docker: the same in its chain DOCKER-USER`,
  };
}
