import type {Item, LinkItem, Op} from '../../kernel/item.ts';
import type {Attachment} from '../../model/attachment.ts';
import type {Network} from '../../model/network.ts';
import type {FindingId} from './catalogue.ts';
import type {Facts} from './facts.ts';
import {type Check, containerOf, type Finding, finding, nameOfOwner, networkOf} from './finding.ts';

/** Intended and actual, in words. What lies inside something that is missing is not told besides. */
export const checkDrift: Check = facts => {
  const missing = new Set(facts.drift.flatMap(op => (op.do === 'add' && op.item.kind === 'link' ? op.item.name : [])));
  const onHost = facts.drift.filter(({item}) => item.ns === '' && !missing.has(deviceOf(item) ?? ''));
  const links = facts.drift.filter(({item}) => item.ns === '' && item.kind === 'link');
  return [
    ...links.map(op => linkFinding(facts, op)),
    ...onHost.flatMap(op => insideFinding(facts, op)),
    ...firewallFindings(facts.drift),
  ];
};

/** Things on a device; links themselves are their own. */
function deviceOf(item: Item): string | undefined {
  if (item.kind === 'sysctl') return /^net\/ipv[46]\/conf\/([^/]+)\//.exec(item.path)?.[1];
  return 'link' in item ? (item.link ?? undefined) : undefined;
}

function linkFinding(facts: Facts, op: Op): Finding {
  const item = op.item as Item & LinkItem;
  const object = ownerOf(facts, item.name);
  if (op.do === 'add') return finding('link-missing', {object, what: `The ${said(facts, item.name)} is missing.`});
  if (op.do === 'del')
    return finding('link-leftover', {object: 'host', what: `The link "${item.name}" is ours and belongs to nothing.`});
  const changes = differences((op as Extract<Op, {do: 'set'}>).was as LinkItem, item);
  return finding('link-changed', {object, what: `The ${said(facts, item.name)} is changed: ${changes.join(', ')}.`});
}

function differences(was: LinkItem, want: LinkItem): readonly string[] {
  const say = (value: unknown): string => (value === null ? 'none' : String(value));
  const keys = ['type', 'up', 'group', 'master', 'hairpin', 'isolated', 'mtu', 'mac', 'altname'] as const;
  const chosen = (key: (typeof keys)[number]): boolean => want[key] !== null || key === 'master';
  return keys
    .filter(key => chosen(key) && was[key] !== want[key])
    .map(key => `${key} is ${say(was[key])}, should be ${say(want[key])}`);
}

/** Addresses, routes and settings of devices that are there. */
function insideFinding(facts: Facts, {do: verb, item, ...op}: Op): readonly Finding[] {
  const device = deviceOf(item) ?? '';
  const object = ownerOf(facts, device);
  if (item.kind === 'address') {
    const what = `The address ${item.address}/${item.prefixLength} of "${device}" is ${gone(verb)}.`;
    return [finding('address-missing', {object, what})];
  }
  if (item.kind === 'route')
    return [finding('route-missing', {object, what: `The route to ${item.to} by "${device}" is ${gone(verb)}.`})];
  if (item.kind !== 'sysctl') return [];
  const was = 'was' in op && op.was.kind === 'sysctl' ? op.was.value : 'not there';
  const id: FindingId = /forwarding$/.test(item.path) && item.value === '1' ? 'forwarding-off' : 'setting-changed';
  const what = `${item.path.replaceAll('/', '.')} is ${was}, should be ${item.value}.`;
  return [finding(id, {object, what})];
}

const gone = (verb: Op['do']): string => (verb === 'add' ? 'missing' : 'not as it should be');

function firewallFindings(drift: readonly Op[]): readonly Finding[] {
  const table = drift.find(({item}) => item.kind === 'table');
  const object = 'firewall';
  if (table?.do === 'add')
    return [finding('firewall-missing', {object, what: 'The nft table "inet tnet" is missing.'})];
  if (table?.do === 'set')
    return [finding('firewall-foreign', {object, what: 'The nft table "inet tnet" is not of our making.'})];
  const elements = drift.filter(({item}) => item.kind === 'element');
  if (elements.length === 0) return [];
  const count = (verb: Op['do']): number => elements.filter(op => op.do === verb).length;
  const parts = [
    [count('add'), 'missing'],
    [count('del'), 'too many'],
    [count('set'), 'wrong'],
  ].filter(([n]) => n !== 0);
  const said = parts.map(([n, what]) => `${n} ${what}`).join(', ');
  const sets = [...new Set(elements.map(({item}) => (item.kind === 'element' ? item.set : '')))].join(', ');
  return [finding('firewall-incomplete', {object, what: `Elements of the table "inet tnet": ${said} (in ${sets}).`})];
}

interface Owner {
  readonly network?: Network;
  readonly attachment?: Attachment;
}

function find({state}: Facts, link: string): Owner {
  const network = [...state.networks.values()].find(({device}) => device === link);
  if (network) return {network};
  const attachment = [...state.attachments.values()].find(({hostIfname}) => hostIfname === link);
  return attachment ? {attachment} : {};
}

function ownerOf(facts: Facts, link: string): string {
  const {network, attachment} = find(facts, link);
  if (network) return networkOf(network);
  return attachment ? containerOf(facts.state, attachment) : 'host';
}

function said(facts: Facts, link: string): string {
  const {network, attachment} = find(facts, link);
  if (network) return `bridge "${link}" of network ${network.name}`;
  if (!attachment) return `link "${link}"`;
  const on = facts.state.networks.get(attachment.network)?.name ?? '?';
  return `link "${link}" of container ${nameOfOwner(facts.state, attachment.owner)} on network ${on}`;
}
