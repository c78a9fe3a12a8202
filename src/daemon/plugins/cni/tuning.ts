import type {Item, Op, SettingsItem} from '../../../kernel/item.ts';
import type {SandboxView} from '../../../kernel/read-sandbox.ts';
import {undoing} from '../../../network/undoing.ts';
import {attachmentOf, forgetForeign, passOn, previousOf, tunedOption} from './chained.ts';
import {CniError, cniCodes} from './contract.ts';
import {type CniInputs, readInputs, refuseUnknownArgs, wantedMac} from './inputs.ts';
import type {CniParts, CniPlugin} from './plugin.ts';
import {convertMac} from './result.ts';
import {findAttachment, sandboxIfThere, sandboxOf} from './sandbox.ts';
import {refuseUnlisted} from './sysctl-allowlist.ts';

type Settings = Omit<SettingsItem, 'kind'>;

/** Settings inside the sandbox. Those of the link are taken back by DEL: it may be one that is given back to the host. */
export const tuning: CniPlugin = {
  async add(parts, request) {
    refuseUnknownArgs(request);
    const inputs = readInputs(request);
    previousOf(request);
    const sandbox = sandboxOf(request, parts.netns);
    const items = planTuning(inputs, request.ifname, sandbox);
    let before: Settings | null = null;
    await parts.controller.adjustBy(sandbox, view => {
      before = settingsBefore(items, view);
      return items.map(item => withWas(item, before));
    });
    if (before !== null)
      await undoing(
        async () => {
          const attachment = await attachmentOf(parts, request);
          await remember(parts, attachment.id, before!);
        },
        () => setBack(parts, sandbox, before!),
      );
    const mac = wantedMac(inputs);
    return mac === null ? passOn(request) : convertMac(passOn(request), request.ifname, mac);
  },
  async del(parts, request) {
    const attachment = findAttachment(parts.controller, request);
    const text = attachment?.options[tunedOption];
    if (attachment === undefined || text === undefined) return;
    const sandbox = sandboxIfThere(request, parts.netns);
    if (sandbox === attachment.sandbox) await setBack(parts, sandbox, JSON.parse(text) as Settings);
    const {[tunedOption]: _, ...options} = attachment.options;
    await parts.controller.configure(attachment.id, options);
    await forgetForeign(parts, attachment);
  },
  async check({controller, netns}, request) {
    previousOf(request);
    const sandbox = sandboxOf(request, netns);
    const items = planTuning(readInputs(request), request.ifname, sandbox);
    await controller.adjustBy(sandbox, view => {
      for (const item of items) refuseDifference(item, view);
      return [];
    });
  },
};

/** What the settings that are wanted will replace; null: none are wanted, or the link is not there. */
function settingsBefore(items: readonly Item[], {links}: SandboxView): Settings | null {
  const wanted = items.find(item => item.kind === 'settings');
  const link = links.find(({link: name}) => name === wanted?.link);
  if (wanted === undefined || link === undefined) return null;
  const was = <K extends keyof Settings>(key: K): Settings[K] | null => (wanted[key] === null ? null : link[key]);
  return {
    link: link.link,
    mtu: was('mtu'),
    mac: was('mac'),
    promiscuous: was('promiscuous'),
    allMulticast: was('allMulticast'),
    txQueueLength: was('txQueueLength'),
  };
}

function withWas(item: Item, before: Settings | null): Op {
  if (item.kind !== 'settings' || before === null) return {do: 'add', item};
  return {do: 'set', item, was: {ns: item.ns, kind: 'settings', ...before}};
}

/** Of two in one chain, what was before the first. */
async function remember({controller}: CniParts, id: string, before: Settings): Promise<void> {
  const {options} = controller.attachmentsOf({}).find(each => each.id === id)!;
  const first = JSON.parse(options[tunedOption] ?? '{}') as Partial<Settings>;
  const known = Object.fromEntries(Object.entries(first).filter(([, value]) => value !== null));
  await controller.configure(id, {...options, [tunedOption]: JSON.stringify({...before, ...known})});
}

function setBack({controller}: CniParts, ns: string, before: Settings): Promise<void> {
  const item = {ns, kind: 'settings', ...before} as const;
  return controller.adjustBy(ns, ({links}) =>
    links.some(({link}) => link === before.link) ? [{do: 'set', item, was: item}] : [],
  );
}

function refuseDifference(item: Item, {links, sysctl}: SandboxView): void {
  const broken = (what: string): CniError => new CniError(105, `not as it was made: ${what}`);
  if (item.kind === 'sysctl') {
    const value = sysctl(item.path);
    if (value !== item.value)
      throw broken(`${item.path.replaceAll('/', '.')} is ${value ?? 'not there'}, not ${item.value}`);
  }
  if (item.kind !== 'settings') return;
  const link = links.find(each => each.link === item.link);
  if (link === undefined) throw broken(`there is no link "${item.link}"`);
  for (const key of ['mtu', 'mac', 'promiscuous', 'allMulticast', 'txQueueLength'] as const)
    if (item[key] !== null && item[key] !== link[key])
      throw broken(`${key} of "${item.link}" is ${link[key]}, not ${item[key]}`);
}

/** Throws CniError for settings of others than the sandbox: /proc/sys/net alone belongs to it. */
export function planTuning(inputs: CniInputs, ifname: string, ns: string): readonly Item[] {
  const {config} = inputs;
  const asked = config.map('sysctl');
  refuseUnlisted(Object.keys(asked));
  const sysctls = Object.entries(asked).map(([name, value]): Item => {
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
