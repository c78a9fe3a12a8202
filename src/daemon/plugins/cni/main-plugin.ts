import {readFileSync} from 'node:fs';
import {TnetError} from '../../../errors.ts';
import type {Attachment, Lease} from '../../../model/attachment.ts';
import {formatPrefix, type Ip, ipFamily, prefixesOverlap} from '../../../model/ip.ts';
import type {Mac} from '../../../model/mac.ts';
import type {Network} from '../../../model/network.ts';
import {isAdopted} from '../../../network/drivers/adopted.ts';
import {bridgeOf, vlansOf} from '../../../network/drivers/bridge-vlan.ts';
import type {AttachSpec} from '../../../network/new-attachment.ts';
import type {SubnetSpec} from '../../../network/new-network.ts';
import {bridgeOptions} from '../../../network/options.ts';
import {undoing} from '../../../network/undoing.ts';
import {previousOf} from './chained.ts';
import {CniError, type CniRequest, cniCodes} from './contract.ts';
import {delegate} from './delegate.ts';
import {describeAttachment} from './describe-attachment.ts';
import {ensureNetwork, findInline, inlineSpec} from './inline-network.ts';
import {type CniInputs, readInputs, refuseUnknownArgs} from './inputs.ts';
import {readDns, toRoutes} from './ipam.ts';
import type {MainConfig} from './main-config.ts';
import type {CniParts, CniPlugin} from './plugin.ts';
import {parseResolvConf} from './resolv-conf.ts';
import {type CniDns, type CniRoute, decodeResult, encodeResult} from './result.ts';
import {chainOptions, findAttachment, sandboxOf} from './sandbox.ts';

/** A plugin that makes links, from how its configuration is read. */
export function mainPlugin(decode: (inputs: CniInputs, request: CniRequest, parts: CniParts) => MainConfig): CniPlugin {
  return {
    async add(parts, request) {
      refuseUnknownArgs(request);
      const config = decode(readInputs(request), request, parts);
      const sandbox = sandboxOf(request, parts.netns);
      const addresses = await askForAddresses(config, request);
      try {
        await leaveStale(parts, request, sandbox);
        const network = await ensureNetwork(parts.controller, inlineSpec(config, addresses.subnets));
        const attachment = await parts.controller.attach(attachSpec({config, request, sandbox, network, addresses}));
        if (bridgeOptions(network).dad)
          await undoing(
            () => parts.controller.settle(attachment.id),
            () => parts.controller.detach(attachment.id),
          );
        return encodeResult(
          describeAttachment({network, attachment, request, ...addresses, ...bridgeIn(parts, network)}),
          request.version,
        );
      } catch (error) {
        if (config.ipam.kind === 'foreign') await delegate(asDel(request), config.ipam.type).catch(() => {});
        throw error;
      }
    },
    async del(parts, request) {
      const {controller} = parts;
      const config = decode(readInputs(request), request, parts);
      const attachment = findAttachment(controller, request);
      if (attachment !== undefined) await controller.detach(attachment.id);
      if (config.ipam.kind === 'foreign') await delegate(request, config.ipam.type);
    },
    async check(parts, request) {
      const {controller} = parts;
      const config = decode(readInputs(request), request, parts);
      previousOf(request);
      const attachment = findAttachment(controller, request);
      if (attachment === undefined)
        throw new CniError(
          cniCodes.unknownContainer,
          `container "${request.containerId}" has no "${request.ifname}" on this network`,
        );
      await controller.check(attachment.id);
      if (config.ipam.kind === 'foreign') await delegate(request, config.ipam.type);
    },
    async status(parts, request) {
      const {controller} = parts;
      const config = decode(readInputs(request), request, parts);
      if (config.ipam.kind === 'foreign') return void (await delegate(request, config.ipam.type));
      const network = findInline(controller, config.name);
      if (network !== undefined) requireRoom(controller, network);
    },
  };
}

/** A bridge of another program's, or of several networks, has a MAC of its own. */
function bridgeIn({controller}: CniParts, network: Network): {readonly bridgeMac?: Mac} {
  const isOwn = !isAdopted(network) && vlansOf(network) === null;
  const mac = isOwn ? null : controller.hostLinks().find(({name}) => name === bridgeOf(network))?.mac;
  return mac ? {bridgeMac: mac} : {};
}

/** 50: no further container can be attached. */
export function requireRoom(controller: CniParts['controller'], {id}: Network): void {
  try {
    controller.requireRoom(id);
  } catch (error) {
    if (!(error instanceof TnetError) || error.code !== 'ERR_SUBNET_FULL') throw error;
    throw new CniError(cniCodes.unavailable, error.message);
  }
}

/** What the address management says. */
export interface Addresses {
  /** Of the network. */
  readonly subnets: readonly SubnetSpec[];
  /** Given by others; undefined: the network chooses, `wanted` if it can. */
  readonly leases: readonly Lease[] | undefined;
  readonly wanted: readonly Ip[];
  readonly routes: readonly CniRoute[];
  readonly dns: CniDns;
  /** By family, where there is one. */
  readonly gateways: readonly Ip[];
}

async function askForAddresses({ipam, defaultGateway, dns: own}: MainConfig, request: CniRequest): Promise<Addresses> {
  const asked = await askIpam(ipam, request);
  const dns = own.keys().length > 0 ? readDns(own) : asked.dns;
  return {...asked, dns, routes: withDefaults(asked, defaultGateway)};
}

export async function askIpam(ipam: MainConfig['ipam'], request: CniRequest): Promise<Addresses> {
  switch (ipam.kind) {
    case 'none':
      return {subnets: [], leases: [], wanted: [], routes: [], dns: {}, gateways: []};
    case 'pool':
      return {...ipam, leases: undefined, dns: dnsOf(ipam), gateways: []};
    case 'given':
      return {...fromGiven(ipam.addresses), routes: ipam.routes, dns: {...dnsOf(ipam), ...ipam.dns}};
    case 'foreign':
      return fromForeign((await delegate(request, ipam.type)) ?? {}, ipam.type);
  }
}

function dnsOf({resolvConf}: {readonly resolvConf: string}): CniDns {
  if (resolvConf === '') return {};
  try {
    return parseResolvConf(readFileSync(resolvConf, 'utf8'));
  } catch (cause) {
    throw new CniError(cniCodes.io, `Cannot read resolvConf: ${(cause as Error).message}`);
  }
}

type Given = readonly {readonly address: Ip; readonly prefixLength: number; readonly gateway: Ip | null}[];

function fromGiven(addresses: Given): Pick<Addresses, 'subnets' | 'leases' | 'wanted' | 'gateways'> {
  const subnets = addresses.map(({address, prefixLength, gateway}): SubnetSpec => {
    return {prefix: formatPrefix(address, prefixLength), gateway, range: null, reserved: {}};
  });
  return {
    subnets: subnets.filter(({prefix}, i) => !subnets.slice(0, i).some(other => prefixesOverlap(other.prefix, prefix))),
    leases: addresses.map(({address, prefixLength}) => ({address, prefixLength})),
    wanted: [],
    gateways: addresses.flatMap(({gateway}) => gateway ?? []),
  };
}

function fromForeign(result: Readonly<Record<string, unknown>>, type: string): Addresses {
  const {ips, routes, dns} = decodeResult(result);
  if (ips.length === 0) throw new CniError(999, `IPAM plugin "${type}" returned missing IP config`);
  const addresses = ips.map(({address, gateway}) => {
    const [ip, length] = address.split('/');
    return {address: ip as Ip, prefixLength: Number(length), gateway: (gateway as Ip | undefined) ?? null};
  });
  return {...fromGiven(addresses), routes, dns};
}

const everywhere = {4: '0.0.0.0/0', 6: '::/0'} as const;

function withDefaults({routes, subnets}: Addresses, wanted: boolean): readonly CniRoute[] {
  if (!wanted) return routes;
  const missing = new Set<string>(subnets.map(({prefix}) => everywhere[ipFamily(prefix)]));
  for (const {dst} of routes) missing.delete(dst);
  return [...routes, ...[...missing].map(dst => ({dst}))];
}

interface AttachWords {
  readonly config: MainConfig;
  readonly request: CniRequest;
  readonly sandbox: string;
  readonly network: Network;
  readonly addresses: Addresses;
}

function attachSpec({config, request, sandbox, network, addresses}: AttachWords): AttachSpec {
  return {
    network: network.id,
    sandbox,
    owner: request.containerId,
    ifname: request.ifname,
    addresses: addresses.wanted,
    ...(addresses.leases === undefined ? {} : {leases: addresses.leases}),
    routes: toRoutes(addresses.routes, addresses.gateways),
    mac: config.mac,
    ports: [],
    names: [],
    gatewayPriority: null,
    options: {...chainOptions(config.name), ...config.attachment},
  };
}

/** One of a namespace that is gone, whose DEL never came, is in nobody's way. */
async function leaveStale({controller}: CniParts, request: CniRequest, sandbox: string): Promise<void> {
  const old: Attachment | undefined = findAttachment(controller, request);
  if (old !== undefined && old.sandbox !== sandbox) await controller.detach(old.id);
}

const asDel = (request: CniRequest): CniRequest => ({...request, env: {...request.env, CNI_COMMAND: 'DEL'}});
