import {familiesOf, gatewayLink, isAny, type Link, type Model, type Net, type Port} from './model.ts';
import type {Family} from './steps.ts';

/** What the kernel should hold, a fact a line, sorted. */
export function expectedFacts(model: Model): readonly string[] {
  const nets = [...model.nets.values()].filter(net => isThere(model, net));
  const ports = model.links.flatMap(link => link.ports.flatMap(port => portFacts(model, link, port)));
  const facts = [
    ...nets.flatMap(net => [...deviceFacts(net), ...firewallFacts(net)]),
    ...model.links.flatMap(link => linkFacts(model, link)),
    ...[...model.boxes].flatMap(box => [`box ${box} link lo`, ...routeFacts(model, box)]),
    ...ports,
    ...[...model.forwards].flatMap(family => [
      `sysctl net/ipv${family}/conf/eth0/${family === 4 ? 'forwarding' : 'force_forwarding'} = 1`,
      `forwarding${family} { eth0 }`,
    ]),
  ];
  return [...new Set(facts)].sort();
}

/** The predefined network has no device before something is on it. */
export function isThere(model: Model, {name}: Pick<Net, 'name'>): boolean {
  return name !== 'bridge' || model.links.some(link => link.net === 'bridge');
}

function deviceFacts({device, subnets, internal}: Net): readonly string[] {
  const families = subnets.map(({family}) => family);
  return [
    `link ${device} bridge up mtu 1500`,
    ...subnets.flatMap(({gateway, length, family}) => [
      `address ${device} ${gateway}/${length}`,
      ...(family === 6 ? [`address ${device} fe80::1/64`] : []),
    ]),
    ...(families.includes(4)
      ? [
          `sysctl net/ipv4/conf/${device}/route_localnet = 1`,
          `sysctl net/ipv4/conf/${device}/forwarding = ${internal ? 0 : 1}`,
        ]
      : []),
    ...(families.includes(6)
      ? [
          `sysctl net/ipv6/conf/${device}/accept_ra = 0`,
          `sysctl net/ipv6/conf/${device}/disable_ipv6 = 0`,
          ...(internal ? [] : [`sysctl net/ipv6/conf/${device}/force_forwarding = 1`]),
        ]
      : []),
  ];
}

function firewallFacts({device, subnets, internal, icc, masquerade, mode}: Net): readonly string[] {
  return [
    `bridges { ${device} }`,
    ...(internal ? [`internal { ${device} }`] : []),
    ...(icc ? [`neighbours { ${device} . ${device} }`] : []),
    ...subnets.flatMap(({family, prefix}) => [
      `homes${family} { ${prefix} . ${device} }`,
      ...(mode === 'nat' ? [`subnets${family} { ${prefix} }`] : []),
      ...(mode === 'routed' ? [`routed${family} { ${device} }`] : []),
      ...(mode === 'nat-unprotected' ? [`unprotected${family} { ${device} }`] : []),
      ...(!internal && masquerade && mode !== 'routed' ? [`masquerade${family} { ${prefix} }`] : []),
    ]),
  ];
}

function linkFacts(model: Model, link: Link): readonly string[] {
  const {box, ifname, host, mac, addresses} = link;
  const net = model.nets.get(link.net)!;
  const flags = [...(isTarget(model, link) ? ['hairpin'] : []), ...(net.icc ? [] : ['isolated'])];
  return [
    `link ${[host, 'veth', 'up', 'mtu', '1500', 'master', net.device, ...flags].join(' ')}`,
    ...(link.limited ? limitFacts(host) : []),
    `box ${box} link ${ifname} ${mac}`,
    ...addresses.map(({address, length}) => `box ${box} address ${ifname} ${address}/${length}`),
  ];
}

/** Bytes per second: what comes in waits at the host's end, what goes out in an ifb. */
function limitFacts(host: string): readonly string[] {
  const ifb = host.replace('veth', 'ifb');
  return [
    `link ${ifb} ifb up mtu 1500`,
    `qdisc ${host} tbf 2500000`,
    `qdisc ${host} ingress`,
    `qdisc ${ifb} tbf 1250000`,
  ];
}

function routeFacts(model: Model, box: number): readonly string[] {
  return ([4, 6] as const).flatMap(family => {
    const link = gatewayLink(model, box, family);
    if (link === undefined) return [];
    const {gateway} = model.nets.get(link.net)!.subnets.find(subnet => subnet.family === family)!;
    return [`box ${box} default ${gateway} dev ${link.ifname}`];
  });
}

/** Whether some published port of its box ends here. */
function isTarget(model: Model, link: Link): boolean {
  const families = model.links.filter(({box}) => box === link.box).flatMap(({ports}) => ports.flatMap(familiesOf));
  return families.some(family => gatewayLink(model, link.box, family) === link);
}

function portFacts(model: Model, {box}: Link, port: Port): readonly string[] {
  return familiesOf(port).flatMap(family => {
    const target = gatewayLink(model, box, family);
    if (target === undefined) return [];
    const {address} = target.addresses.find(lease => lease.family === family)!;
    return model.nets.get(target.net)!.mode === 'routed'
      ? Array.from(
          {length: port.count},
          (_, i) => `open${family} { ${address} . ${port.proto} . ${port.containerPort + i} }`,
        )
      : [...natFacts(port, family, address), ...countFacts(port)];
  });
}

function natFacts(port: Port, family: Family, address: string): readonly string[] {
  const {proto, hostIp, hostPort, containerPort, count} = port;
  const host = isAny(port) ? '' : ` . ${hostIp}`;
  const any = isAny(port) ? '-any' : '';
  if (count > 1 && hostPort === containerPort)
    return [`ranges${family}${any} { ${proto}${host} . ${range(hostPort, count)} : ${address} }`];
  return Array.from(
    {length: count},
    (_, i) => `published${family}${any} { ${proto}${host} . ${hostPort + i} : ${address} . ${containerPort + i} }`,
  );
}

/** Sets that count, one element a direction. */
function countFacts(port: Port): readonly string[] {
  const {proto, hostIp, hostPort, count} = port;
  const place = (set: string, address: string): readonly string[] =>
    ['original', 'reply'].map(way => `${set} { ${proto} . ${range(hostPort, count)} . ${way}${address} }`);
  if (count === 1 && hostIp === null) return place('traffic-any', '');
  if (count === 1 && !isAny(port)) return place(`traffic${familiesOf(port)[0]}`, ` . ${hostIp}`);
  return familiesOf(port).flatMap(family =>
    place(`traffic${family}-ranges`, ` . ${isAny(port) ? (family === 4 ? '0.0.0.0/0' : '::/0') : hostIp}`),
  );
}

function range(first: number, count: number): string {
  return count === 1 ? `${first}` : `${first}-${first + count - 1}`;
}
