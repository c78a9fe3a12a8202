import type {Item} from '../../../kernel/item.ts';
import {passOn, previousOf} from './chained.ts';
import {CniError, cniCodes} from './contract.ts';
import {type CniInputs, readInputs, refuseUnknownArgs, wantedMac} from './inputs.ts';
import type {CniPlugin} from './plugin.ts';
import {convertMac} from './result.ts';
import {sandboxOf} from './sandbox.ts';

/** Settings inside the sandbox. They go with the link or the namespace; DEL has nothing to do. */
export const tuning: CniPlugin = {
  async add({controller, netns}, request) {
    refuseUnknownArgs(request);
    const inputs = readInputs(request);
    previousOf(request);
    const items = planTuning(inputs, request.ifname, sandboxOf(request, netns));
    if (items.length > 0) await controller.adjust(items);
    const mac = wantedMac(inputs);
    return mac === null ? passOn(request) : convertMac(passOn(request), request.ifname, mac);
  },
  async del() {},
  async check(_, request) {
    previousOf(request);
  },
};

/** Throws CniError for settings of others than the sandbox: /proc/sys/net alone belongs to it. */
export function planTuning(inputs: CniInputs, ifname: string, ns: string): readonly Item[] {
  const {config} = inputs;
  const sysctls = Object.entries(config.map('sysctl')).map(([name, value]): Item => {
    return {ns, kind: 'sysctl', path: sysctlPath(name, ifname), value};
  });
  const settings = {
    mtu: config.number('mtu') || null,
    mac: wantedMac(inputs),
    promiscuous: config.flag('promisc') || null,
    allMulticast: config.has('allmulti') ? config.flag('allmulti') : null,
    txQueueLength: config.number('txQLen'),
  };
  const isAny = Object.values(settings).some(value => value !== null);
  return [...sysctls, ...(isAny ? [{ns, kind: 'settings', link: ifname, ...settings} as const] : [])];
}

/** `net.ipv4.conf.IFNAME.arp_filter`, `net/ipv4/conf/eth0.5/arp_filter`: with slashes, dots belong to names, as in sysctl(8). */
function sysctlPath(name: string, ifname: string): string {
  const path = (name.includes('/') ? name : name.replaceAll('.', '/'))
    .split('/')
    .map(part => (part === 'IFNAME' ? ifname : part));
  if (path[0] === 'net' && path.every(part => part !== '' && part !== '.' && part !== '..')) return path.join('/');
  throw new CniError(cniCodes.config, `invalid net sysctl key: "${name}": want one below net.`);
}
