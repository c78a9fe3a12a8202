import {mark} from '../../kernel/iptables-text.ts';
import type {IptablesChainsItem, IptablesTable, Item} from '../../kernel/item.ts';
import {type Family, type Ip, ipFamily} from '../../model/ip.ts';
import {hash, iptablesRule} from './iptables-rule.ts';
import type {GuardedNetwork, PublishedPort, Ruleset} from './ruleset.ts';

/**
 * The ruleset in the words of iptables, where a user of Docker looks for it: DNAT in chain DOCKER of table nat, accepts in DOCKER of
 * table filter, DOCKER-USER asked first. Within a chain no order matters but that of the frame: whatever comes and goes is appended.
 */
interface Frame {
  readonly chains: readonly string[];
  /** [chain, match, target] */
  readonly rules: readonly (readonly [string, string, string])[];
}

const loopback = {4: '127.0.0.0/8', 6: '::1/128'} as const;
const hostLength = {4: 32, 6: 128} as const;
const icmp = {4: 'icmp', 6: 'ipv6-icmp'} as const;
const toThisHost = '-m addrtype --dst-type LOCAL';

const frames: Readonly<Record<IptablesTable, (family: Family) => Frame>> = {
  raw: family => ({
    chains: ['TNET-GUARD'],
    rules: [
      ['PREROUTING', '', '-j TNET-GUARD'],
      ['TNET-GUARD', '-i lo', '-j RETURN'],
      // DNAT comes before the kernel's martian check, and route_localnet on our bridges switches that check off.
      ...(family === 4 ? ([['TNET-GUARD', `-d ${loopback[4]}`, '-j DROP']] as const) : []),
    ],
  }),
  filter: () => ({
    chains: ['DOCKER-USER', 'DOCKER-FORWARD', 'TNET-INTERNAL', 'DOCKER', 'TNET-CLOSED', 'TNET-OUTGOING'],
    rules: [
      ['FORWARD', '', '-j DOCKER-USER'],
      ['FORWARD', '', '-j DOCKER-FORWARD'],
      ['DOCKER-FORWARD', '', '-j TNET-INTERNAL'],
      ['DOCKER-FORWARD', '', '-j DOCKER'],
      ['DOCKER-FORWARD', '', '-j TNET-CLOSED'],
      ['DOCKER-FORWARD', '', '-j TNET-OUTGOING'],
    ],
  }),
  nat: () => ({
    chains: ['DOCKER', 'TNET-POSTROUTING'],
    rules: [
      ['PREROUTING', toThisHost, '-j DOCKER'],
      ['OUTPUT', toThisHost, '-j DOCKER'],
      ['POSTROUTING', '', '-j TNET-POSTROUTING'],
    ],
  }),
};

/** Chains and jumps, of the families that are in use. */
export function iptablesFrame(ruleset: Ruleset): readonly Item[] {
  const families = ([4, 6] as const).filter(
    family => ruleset.families.includes(family) || ruleset.forwarding[family].length > 0,
  );
  return families.flatMap(family =>
    (['raw', 'filter', 'nat'] as const).map(table => chainsItem(family, table, frames[table](family))),
  );
}

export function iptablesChanges({networks, ports, forwarding}: Ruleset): readonly Item[] {
  return [
    ...networks.flatMap(networkRules),
    ...ports.flatMap(port => [portRule(port), ...masqueradeRules(port)]),
    ...([4, 6] as const).flatMap(family =>
      forwarding[family].map(device =>
        // Forwarding is on for our networks only.
        iptablesRule({family, table: 'filter', chain: 'TNET-CLOSED'}, `-i ${device}`, '-j DROP'),
      ),
    ),
  ];
}

function chainsItem(family: Family, table: IptablesTable, {chains, rules}: Frame): Item & IptablesChainsItem {
  const fingerprint = hash(JSON.stringify([family, table, chains, rules]));
  return {
    ns: '',
    kind: 'iptables-chains',
    family,
    table,
    chains,
    rules: rules.map(([chain, match, target], i) => ({
      chain,
      spec: [match, mark(`${fingerprint} ${i + 1}/${rules.length}`), target].filter(Boolean).join(' '),
    })),
    fingerprint,
  };
}

function networkRules(network: GuardedNetwork): readonly Item[] {
  const family = ipFamily(network.prefix);
  const add = (table: IptablesTable, chain: string) => (match: string, target: string) =>
    iptablesRule({family, table, chain}, match, target);
  return [
    ...guardRules(network, add('raw', 'TNET-GUARD')),
    ...forwardRules(network, add),
    ...sourceRules(network, add('nat', 'TNET-POSTROUTING')),
  ];
}

type AddRule = (match: string, target: string) => Item;

/** Containers are reached by published ports, not by routing through the host; this also parts our networks. */
function guardRules({device, prefix, only, mode}: GuardedNetwork, add: AddRule): readonly Item[] {
  return mode === 'nat' || mode === 'isolated'
    ? [add(`-d ${only === null ? prefix : host(only)} ! -i ${device}`, '-j DROP')]
    : [];
}

function forwardRules(
  {device, prefix, internal, icc, mode}: GuardedNetwork,
  add: (table: IptablesTable, chain: string) => AddRule,
): readonly Item[] {
  const open = add('filter', 'DOCKER');
  return [
    ...(internal ? [add('filter', 'TNET-INTERNAL')(`-i ${device} ! -o ${device}`, '-j DROP')] : []),
    // DNAT is a state of its own to conntrack's match: what was published may come in.
    open(`-o ${device} -m conntrack --ctstate RELATED,ESTABLISHED${internal ? '' : ',DNAT'}`, '-j ACCEPT'),
    ...(mode === 'foreign' ? [] : ownForwardRules({icc, mode, device, prefix, internal}, add)),
  ];
}

function ownForwardRules(
  {device, prefix, internal, icc, mode}: Pick<GuardedNetwork, 'device' | 'prefix' | 'internal' | 'icc' | 'mode'>,
  add: (table: IptablesTable, chain: string) => AddRule,
): readonly Item[] {
  const open = add('filter', 'DOCKER');
  return [
    ...(icc ? [open(`-i ${device} -o ${device}`, '-j ACCEPT')] : []),
    ...(mode === 'nat-unprotected' ? [open(`-o ${device}`, '-j ACCEPT')] : []),
    ...(mode === 'routed' ? [open(`-o ${device} -p ${icmp[ipFamily(prefix)]}`, '-j ACCEPT')] : []),
    add('filter', 'TNET-CLOSED')(`-o ${device}`, '-j DROP'),
    // Not left to the policy, which Docker, ufw and others set to DROP.
    ...(internal ? [] : [add('filter', 'TNET-OUTGOING')(`-i ${device}`, '-j ACCEPT')]),
  ];
}

function sourceRules({device, prefix, only, source}: GuardedNetwork, add: AddRule): readonly Item[] {
  const away = only === null ? `-s ${prefix} ! -o ${device}` : `-s ${host(only)} ! -d ${prefix}`;
  return [
    ...(source === null ? [] : [add(away, source === 'link' ? '-j MASQUERADE' : `-j SNAT --to-source ${source}`)]),
    // A container that reaches its own network by a published port must be answered through the host.
    add(`-s ${prefix} -o ${device} -m conntrack --ctstate DNAT`, '-j MASQUERADE'),
    add(`-s ${loopback[ipFamily(prefix)]} -o ${device}`, '-j MASQUERADE'),
  ];
}

/** One rule a mapping, however long its range. */
function portRule({proto, hostIp, hostPort, address, containerPort, count, mode}: PublishedPort): Item {
  const family = ipFamily(address);
  const match = (ip: Ip | null, port: number): string =>
    `${ip === null ? '' : `-d ${host(ip)} `}-p ${proto} -m ${proto} --dport ${span(port, count, ':')}`;
  if (mode === 'routed')
    return iptablesRule({family, table: 'filter', chain: 'DOCKER'}, match(address, containerPort), '-j ACCEPT');
  const to = `-j DNAT --to-destination ${family === 4 ? address : `[${address}]`}`;
  return iptablesRule({family, table: 'nat', chain: 'DOCKER'}, match(hostIp, hostPort), to + portsOf());

  /** The number after the slash is the host port that leads to the first of the range (iptables-extensions(8), DNAT). */
  function portsOf(): string {
    if (count > 1 && hostPort === containerPort) return '';
    return `:${span(containerPort, count, '-')}${count > 1 ? `/${hostPort}` : ''}`;
  }
}

/** At the head: before what the container's network says. */
function masqueradeRules({proto, address, containerPort, count, mode, masquerade}: PublishedPort): readonly Item[] {
  if (masquerade === 'needed' || mode === 'routed') return [];
  const at = {family: ipFamily(address), table: 'nat', chain: 'TNET-POSTROUTING', head: true} as const;
  const match = `-d ${host(address)} -p ${proto} -m ${proto} --dport ${span(containerPort, count, ':')}`;
  const target = masquerade === 'all' ? 'MASQUERADE' : 'ACCEPT';
  return [iptablesRule(at, `${match} -m conntrack --ctstate DNAT`, `-j ${target}`)];
}

function host(ip: Ip): string {
  return `${ip}/${hostLength[ipFamily(ip)]}`;
}

function span(first: number, count: number, separator: string): string {
  return count === 1 ? `${first}` : `${first}${separator}${first + count - 1}`;
}
