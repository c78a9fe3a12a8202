import type {RouteFact} from '../../kernel/kernel-facts.ts';
import {type Prefix, prefixesOverlap, prefixLengthOf} from '../../model/ip.ts';
import type {Network} from '../../model/network.ts';
import {formatPortMapping} from '../../model/port-mapping.ts';
import {isOurGroup} from '../drivers/driver.ts';
import type {Facts} from './facts.ts';
import {type Check, containerOf, type Finding, finding, networkOf} from './finding.ts';

/** Routes of others over our subnets: at creation only on-link ones of the table main are refused. */
export const checkSubnets: Check = facts =>
  facts.realized.flatMap(network => network.subnets.flatMap(({prefix}) => overlaps(facts, network, prefix)));

/** 0.0.0.0/1 and such are a VPN's default route in two halves. */
const shortestPrefix = 2;

function overlaps({kernel}: Facts, network: Network, subnet: Prefix): readonly Finding[] {
  const ours = new Set(kernel.links.filter(({group}) => isOurGroup(group)).map(({name}) => name));
  const foreign = kernel.routes.filter(({to, link, type}) => {
    const counts = type === 'unicast' && prefixLengthOf(to) >= shortestPrefix && !/^f(e[89ab]|f)/.test(to);
    return counts && !ours.has(link ?? '') && link !== network.device && prefixesOverlap(to, subnet);
  });
  return foreign.map(route => {
    const covers = prefixLengthOf(route.to) < prefixLengthOf(subnet);
    const what = `The route ${describe(route)} ${covers ? 'holds' : 'overlaps'} the subnet ${subnet} of "${network.device}".`;
    return finding(covers ? 'subnet-shadows' : 'subnet-overlap', {object: networkOf(network), what});
  });
}

/** RT_TABLE_MAIN */
const mainTable = 254;

function describe({to, via, link, table}: RouteFact): string {
  return `${to}${via ? ` via ${via}` : ''}${link ? ` dev ${link}` : ''}${table === mainTable ? '' : ` (table ${table})`}`;
}

export const checkMtu: Check = facts => facts.realized.flatMap(network => mtuFindings(facts, network));

function mtuFindings({kernel: {links, routes}, state}: Facts, network: Network): readonly Finding[] {
  const bridge = links.find(({name}) => name === network.device);
  if (bridge === undefined) return [];
  const out = routes.find(({to, link, type}) => type === 'unicast' && to.endsWith('/0') && link !== null);
  const uplink = links.find(({name}) => name === out?.link);
  const ports = links.filter(({master, mtu}) => master === bridge.name && mtu !== bridge.mtu);
  const tooLarge = !network.internal && uplink !== undefined && bridge.mtu > uplink.mtu;
  return [
    ...(tooLarge
      ? [
          finding('mtu-over-uplink', {
            object: networkOf(network),
            what: `The MTU of "${bridge.name}" is ${bridge.mtu}, that of the way out, "${uplink.name}", is ${uplink.mtu}.`,
            fix: `Make the network again with -o com.docker.network.driver.mtu=${uplink.mtu}.`,
          }),
        ]
      : []),
    ...ports.map(port => {
      const attachment = [...state.attachments.values()].find(({hostIfname}) => hostIfname === port.name);
      const object = attachment ? containerOf(state, attachment) : networkOf(network);
      const what = `The MTU of "${port.name}" is ${port.mtu}, that of its bridge "${bridge.name}" is ${bridge.mtu}.`;
      return finding('mtu-mismatch', {object, what, fix: `ip link set ${port.name} mtu ${bridge.mtu}`});
    }),
  ];
}

/** BR_MAX_PORTS is 1024, and port 0 is not used: net/bridge/br_private.h. */
const maxPorts = 1023;

export const checkPortsOfBridge: Check = ({realized, kernel: {links}}) =>
  realized.flatMap(network => {
    const count = links.filter(({master}) => master === network.device).length;
    if (count < maxPorts * 0.95) return [];
    const what = `The bridge "${network.device}" has ${count} of at most ${maxPorts} ports.`;
    return [finding('bridge-full', {object: networkOf(network), what})];
  });

export const checkHeldPorts: Check = ({unheld, state}) =>
  unheld.map(({attachment, mapping}) => {
    const object = containerOf(state, attachment);
    const what = `The published port ${formatPortMapping(mapping)} is not held by us: another process has it.`;
    const fix = `Find it (ss -lntup "sport = :${mapping.hostPort}"), stop it, then tnet doctor --fix.`;
    return finding('port-not-held', {object, what, fix});
  });

export const checkEphemeralPorts: Check = ({state, kernel: {sysctls}}) => {
  const [first = 1, last = 0] = (sysctls.get('net/ipv4/ip_local_port_range') ?? '').split(/\s+/).map(Number);
  const reserved = parseRanges(sysctls.get('net/ipv4/ip_local_reserved_ports') ?? '');
  return [...state.attachments.values()].flatMap(attachment =>
    attachment.ports
      .filter(({hostPort, count}) => hostPort <= last && hostPort + count > first)
      .filter(({hostPort}) => !reserved.some(([from, to]) => hostPort >= from && hostPort <= to))
      .map(mapping => {
        const what = `The published port ${formatPortMapping(mapping)} lies in net.ipv4.ip_local_port_range (${first} to ${last}).`;
        return finding('port-ephemeral', {object: containerOf(state, attachment), what});
      }),
  );
};

/** `8080,9000-9100` */
function parseRanges(text: string): readonly (readonly [number, number])[] {
  const parts = text.split(',').filter(part => part !== '');
  return parts.map(part => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return [from, to];
  });
}
