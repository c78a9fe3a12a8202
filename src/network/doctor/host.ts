import {type Ip, ipFamily, parseIp, prefixContains} from '../../model/ip.ts';
import type {Facts} from './facts.ts';
import {type Check, type Finding, finding, networkOf} from './finding.ts';

const object = 'host';

export const checkConntrack: Check = ({kernel: {sysctls}}) => {
  const [count, max] = ['count', 'max'].map(name => Number(sysctls.get(`net/netfilter/nf_conntrack_${name}`) ?? 0)) as [
    number,
    number,
  ];
  if (max === 0 || count < 0.9 * max) return [];
  const fix = `sysctl -w net.netfilter.nf_conntrack_max=${max * 2} (in the initial namespace)`;
  return [finding('conntrack-full', {object, what: `The kernel tracks ${count} of at most ${max} connections.`, fix})];
};

export const checkNeighbours: Check = ({kernel: {sysctls, neighbours}}) =>
  ([4, 6] as const).flatMap(family => {
    const max = Number(sysctls.get(`net/ipv${family}/neigh/default/gc_thresh3`) ?? 0);
    const count = neighbours[family] ?? 0;
    if (max === 0 || count < 0.9 * max) return [];
    const what = `The IPv${family} neighbour table has ${count} of at most ${max} entries.`;
    const fix = `sysctl -w ${[4, 2, 1].map((part, i) => `net.ipv${family}.neigh.default.gc_thresh${i + 1}=${(max * 4) / part}`).join(' ')}`;
    return [finding('neighbours-full', {object, what, fix})];
  });

export const checkBridgeNetfilter: Check = ({realized, kernel: {sysctls}}) => {
  const on = ['iptables', 'ip6tables'].filter(name => sysctls.get(`net/bridge/bridge-nf-call-${name}`) === '1');
  if (on.length === 0 || realized.length === 0) return [];
  const what = `On: ${on.map(name => `net.bridge.bridge-nf-call-${name}`).join(', ')}.`;
  return [finding('br-netfilter', {object, what})];
};

/** The kernel takes the larger of `all` and the device's own: ip-sysctl.rst. */
export const checkReversePath: Check = ({realized, state, kernel: {sysctls}}) =>
  realized.flatMap(network => {
    const value = (name: string): number => Number(sysctls.get(`net/ipv4/conf/${name}/rp_filter`) ?? 0);
    if (Math.max(value('all'), value(network.device)) !== 1) return [];
    const here = [...state.attachments.values()].filter(each => each.network === network.id);
    const elsewhere = ({sandbox}: {sandbox: string}): boolean =>
      [...state.attachments.values()].some(each => each.sandbox === sandbox && each.network !== network.id);
    const severity = here.some(elsewhere) ? 'warning' : 'note';
    const what = `Reverse path filtering is strict on "${network.device}".`;
    const fix = `sysctl -w net.ipv4.conf.${network.device}.rp_filter=2`;
    return [finding('rp-filter-strict', {object: networkOf(network), what, fix, severity})];
  });

export const checkIpv6: Check = ({realized, kernel: {sysctls}, state}) => {
  const wanted = realized.filter(({subnets}) => subnets.some(({prefix}) => ipFamily(prefix) === 6));
  if (wanted.length === 0) return [];
  const off = sysctls.get('net/ipv6/conf/all/disable_ipv6');
  const names = wanted.map(({name}) => name).join(', ');
  if (off === undefined || off === '1') {
    const what = `IPv6 is off on this host, but wanted on network ${names}.`;
    return [finding('ipv6-off', {object, what})];
  }
  if (sysctls.has('net/ipv6/conf/all/force_forwarding') || !state.sysctls.has('net/ipv6/conf/all/forwarding'))
    return [];
  return [
    finding('ipv6-forwarding-all', {object, what: `All devices of the host forward IPv6, for network ${names}.`}),
  ];
};

const lowDiskBytes = 200 * 2 ** 20;

export const checkDisk: Check = ({host: {root, diskBytes, diskFreeBytes, storeError}}) => {
  const full = diskFreeBytes < Math.min(lowDiskBytes, diskBytes * 0.05);
  const mebibytes = Math.floor(diskFreeBytes / 2 ** 20);
  return [
    ...(storeError === null
      ? []
      : [finding('store-read-only', {object, what: `The state root "${root}" cannot be written: ${storeError}.`})]),
    ...(full ? [finding('disk-full', {object, what: `Only ${mebibytes} MiB are free at "${root}".`})] : []),
  ];
};

export const checkKernel: Check = ({kernel: {missing, legacyTables}, host: {cgroups}}) => [
  ...missing.map(part => finding('kernel-missing', {object, what: `This kernel has no ${part}.`})),
  ...(cgroups === 'none'
    ? [finding('cgroups-missing', {object, what: 'No writable control group hierarchy is mounted.'})]
    : []),
  ...(legacyTables.includes('filter')
    ? [finding('legacy-iptables', {object, what: 'The old iptables (legacy) has a filter table.'})]
    : []),
];

/** Servers on a loopback address are the host's own stub: whether they answer cannot be seen from routes. */
export const checkNameServers: Check = ({host: {resolvConf}, kernel: {routes}}) => {
  const servers = [...resolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)].flatMap(([, text]) => toIp(text!));
  if (servers.length === 0)
    return [finding('no-name-server', {object, what: "The host's resolv.conf names no server."})];
  // A host without any way out, as a lab's, wants no names from outside.
  if (!routes.some(({to, type}) => to.endsWith('/0') && type === 'unicast')) return [];
  const routable = (ip: Ip): boolean =>
    /^127\.|^::1$/.test(ip) ||
    routes.some(({to, type}) => ['unicast', 'local'].includes(type) && prefixContains(to, ip));
  return servers.filter(ip => !routable(ip)).map(unroutable);
};

function unroutable(ip: Ip): Finding {
  return finding('name-server-unroutable', {object, what: `There is no route to the name server ${ip}.`});
}

function toIp(text: string): readonly Ip[] {
  try {
    return [parseIp(text.replace(/%.*$/, ''))];
  } catch {
    return [];
  }
}

/** Of every check here, for the list. */
export const hostChecks: readonly ((facts: Facts) => readonly Finding[])[] = [
  checkConntrack,
  checkNeighbours,
  checkBridgeNetfilter,
  checkReversePath,
  checkIpv6,
  checkDisk,
  checkKernel,
  checkNameServers,
];
