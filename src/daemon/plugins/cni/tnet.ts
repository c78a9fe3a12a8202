import type {Attachment} from '../../../model/attachment.ts';
import {ipFamily, parsePrefix} from '../../../model/ip.ts';
import type {Network, NetworkDriver} from '../../../model/network.ts';
import {dnsAddress} from '../../../network/dns/redirect.ts';
import type {AttachSpec} from '../../../network/new-attachment.ts';
import {undoing} from '../../../network/undoing.ts';
import {loopbackUp} from '../foreign-sandbox.ts';
import {namesOption} from '../sandbox-names.ts';
import {decodeBandwidth} from './bandwidth.ts';
import {CniError, type CniRequest, cniCodes} from './contract.ts';
import {describeAttachment} from './describe-attachment.ts';
import {ensureNetwork, findInline, inlineSpec} from './inline-network.ts';
import {addressOf, type CniInputs, named, readInputs, refuseUnknownArgs, wantedAddresses, wantedMac} from './inputs.ts';
import {readDns} from './ipam.ts';
import {requireRoom} from './main-plugin.ts';
import type {CniParts, CniPlugin} from './plugin.ts';
import {decodePortmap} from './portmap.ts';
import {type CniDns, type CniRoute, encodeResult} from './result.ts';
import {findAttachment, networkOption, sandboxOf} from './sandbox.ts';

/** Networks of ours by name, or described in the configuration; ports, limits and names in one step. */
export const tnet: CniPlugin = {
  async add(parts, request) {
    refuseUnknownArgs(request);
    const inputs = readInputs(request);
    refuseUnknownKeys(inputs);
    const sandbox = sandboxOf(request, parts.netns);
    const spec = attachSpec(inputs, request);
    const stale = findAttachment(parts.controller, request);
    if (stale !== undefined && stale.sandbox !== sandbox) await parts.controller.detach(stale.id);
    const network = findNamed(parts, inputs) ?? (await ensureNetwork(parts.controller, decodeInline(inputs)));
    const dns = withNames(decodeDns(inputs), network);
    const options = {...spec.options, ...(isNamed(network) ? {[namesOption]: 'true'} : {})};
    const attachment = await parts.controller.attach({...spec, options, network: network.id, sandbox});
    await undoing(
      async () => {
        if (isNamed(network)) await parts.controller.adjust(loopbackUp(sandbox));
        await parts.names.serve(sandbox);
      },
      () => parts.controller.detach(attachment.id),
    );
    const routes = routesOf(network, attachment);
    return encodeResult(describeAttachment({network, attachment, request, routes, dns, gateways: []}), request.version);
  },
  async del({controller, names}, request) {
    const attachment = findAttachment(controller, request);
    if (attachment === undefined) return;
    await controller.detach(attachment.id);
    // Of a namespace that is gone, what else was attached has a DEL of its own to come.
    await names.serve(attachment.sandbox).catch(() => {});
  },
  async check({controller}, request) {
    const attachment = findAttachment(controller, request);
    if (attachment !== undefined) return controller.check(attachment.id);
    throw new CniError(
      cniCodes.unknownContainer,
      `container "${request.containerId}" has no "${request.ifname}" on this network`,
    );
  },
  async status(parts, request) {
    const inputs = readInputs(request);
    refuseUnknownKeys(inputs);
    const network = findNamed(parts, inputs) ?? findInline(parts.controller, inputs.config.text('name'));
    if (network === undefined) decodeInline(inputs);
    else requireRoom(parts.controller, network);
  },
};

/** As of containers: on `bridge` nobody is found by name. */
const isNamed = ({name}: Network): boolean => name !== 'bridge';

/** Servers that the caller names are his choice; without any the pod asks us. */
function withNames(dns: CniDns, network: Network): CniDns {
  return dns.nameservers === undefined && isNamed(network) ? {...dns, nameservers: [dnsAddress]} : dns;
}

const inlineKeys = ['driver', 'subnet', 'subnets', 'internal', 'options', 'ipv6'];
const keys = new Set(
  [
    'cniVersion',
    'name',
    'type',
    'prevResult',
    'runtimeConfig',
    'capabilities',
    'args',
    'network',
    'mac',
    'dns',
    ...inlineKeys,
  ].map(key => key.toLowerCase()),
);

/** Throws CniError 2: a word that nobody heeds is mostly a wrong one. Those with a slash are the caller's (`cni.dev/…`). */
function refuseUnknownKeys({config}: CniInputs): void {
  const unknown = config.keys().filter(key => !keys.has(key.toLowerCase()) && !key.includes('/'));
  if (unknown.length === 0) return;
  throw new CniError(
    cniCodes.unsupported,
    `unknown keys ${unknown.join(', ')}: there are network, mac, dns, ${inlineKeys.join(', ')}`,
  );
}

/** By `network`, or by the configuration's own name where nothing else describes one. */
function findNamed({controller}: CniParts, {config}: CniInputs): Network | undefined {
  const name = config.text('network');
  if (name !== '') return controller.get(name);
  if (inlineKeys.some(key => config.has(key))) return undefined;
  return controller.list().find(network => network.name === config.text('name'));
}

function decodeInline({config}: CniInputs) {
  const texts = config.has('subnet') ? [config.text('subnet')] : config.texts('subnets');
  const subnets = texts.map(text => {
    return {prefix: named('subnet', text, parsePrefix), gateway: null, range: null, reserved: {}};
  });
  const ipv6 = config.flag('ipv6') || subnets.some(({prefix}) => ipFamily(prefix) === 6);
  const ipv4 = subnets.length === 0 || subnets.some(({prefix}) => ipFamily(prefix) === 4);
  const driver = (config.text('driver') || 'bridge') as NetworkDriver;
  if (!['bridge', 'macvlan', 'ipvlan', 'vxlan'].includes(driver))
    throw new CniError(cniCodes.config, `invalid value of "driver": want bridge, macvlan, ipvlan or vxlan`, driver);
  const over = {ipv4, ipv6, internal: config.flag('internal')};
  return inlineSpec({name: config.text('name'), driver, options: config.map('options'), over}, subnets);
}

function attachSpec(inputs: CniInputs, request: CniRequest): Omit<AttachSpec, 'network' | 'sandbox'> {
  return {
    owner: request.containerId,
    ifname: request.ifname,
    addresses: wantedAddresses(inputs).map(addressOf),
    mac: wantedMac(inputs),
    ports: decodePortmap(inputs),
    names: namesOf(inputs),
    gatewayPriority: null,
    options: {[networkOption]: inputs.config.text('name'), ...decodeBandwidth(inputs)},
  };
}

/** A list of names, from podman one by network; and what Kubernetes and podman call the pod. */
function namesOf({config, runtime, env}: CniInputs): readonly string[] {
  const aliases = runtime.raw('aliases');
  const names = Array.isArray(aliases)
    ? runtime.texts('aliases')
    : runtime.fields('aliases').texts(config.text('name'));
  return [...(env.K8S_POD_NAME ? [env.K8S_POD_NAME] : []), ...names];
}

/** The capability's words are others than those of the result. */
function decodeDns({config, runtime}: CniInputs): CniDns {
  if (!runtime.has('dns')) return readDns(config.fields('dns'));
  const dns = runtime.fields('dns');
  const [nameservers, search, options] = [dns.texts('servers'), dns.texts('searches'), dns.texts('options')];
  return {
    ...(nameservers.length > 0 ? {nameservers} : {}),
    ...(search.length > 0 ? {search} : {}),
    ...(options.length > 0 ? {options} : {}),
  };
}

function routesOf({internal, subnets}: Network, {leases}: Attachment): readonly CniRoute[] {
  if (internal) return [];
  return subnets
    .filter(({prefix}) => leases.some(({address}) => ipFamily(address) === ipFamily(prefix)))
    .map(({prefix, gateway}) => ({dst: ipFamily(prefix) === 4 ? '0.0.0.0/0' : '::/0', gw: gateway}));
}
