import {gatewayFor} from '../../../model/network.ts';
import {CniError, type CniRequest, cniCodes} from './contract.ts';
import {ensureNetwork, findInline, inlineSpec} from './inline-network.ts';
import {readInputs} from './inputs.ts';
import {decodeIpam, type Ipam} from './ipam.ts';
import {askIpam, requireRoom} from './main-plugin.ts';
import type {CniPlugin} from './plugin.ts';
import {encodeResult} from './result.ts';
import {chainOptions, findAttachment, sandboxOf} from './sandbox.ts';

/** Addresses for links that a foreign plugin makes: leases on a network without links of ours. */
export const hostLocal: CniPlugin = {
  async add({controller, netns}, request) {
    const addresses = await askIpam(poolOf(request), request);
    const name = String(request.config.name);
    const network = await ensureNetwork(
      controller,
      inlineSpec({name, driver: 'foreign', options: {}}, addresses.subnets),
    );
    const {leases} = await controller.attach({
      network: network.id,
      sandbox: sandboxOf(request, netns),
      owner: request.containerId,
      ifname: request.ifname,
      addresses: addresses.wanted,
      routes: [],
      mac: null,
      ports: [],
      names: [],
      gatewayPriority: null,
      options: chainOptions(name),
    });
    const ips = leases.map(({address, prefixLength}) => {
      return {address: `${address}/${prefixLength}`, gateway: gatewayFor(network, address)!};
    });
    return encodeResult({interfaces: [], ips, routes: addresses.routes, dns: addresses.dns}, request.version);
  },
  async del({controller}, request) {
    const attachment = findAttachment(controller, request);
    if (attachment !== undefined) await controller.detach(attachment.id);
  },
  async check({controller}, request) {
    if (findAttachment(controller, request) !== undefined) return;
    throw new CniError(
      cniCodes.unknownContainer,
      `host-local: failed to find address added by container ${request.containerId}`,
    );
  },
  async status({controller}, request) {
    poolOf(request);
    const network = findInline(controller, String(request.config.name));
    if (network !== undefined) requireRoom(controller, network);
  },
};

/** Addresses that are in the configuration; nothing is remembered. */
export const staticAddresses: CniPlugin = {
  async add(_, request) {
    const {leases = [], gateways, routes, dns} = await askIpam(givenBy(request), request);
    const ips = leases.map(({address, prefixLength}) => {
      const gateway = gateways.find(each => each.includes(':') === address.includes(':'));
      return {address: `${address}/${prefixLength}`, ...(gateway === undefined ? {} : {gateway})};
    });
    return encodeResult({interfaces: [], ips, routes, dns}, request.version);
  },
  async del() {},
  async status(_, request) {
    givenBy(request);
  },
};

const poolOf = (request: CniRequest): Ipam => ofKind('pool', request);
const givenBy = (request: CniRequest): Ipam => ofKind('given', request);

function ofKind(kind: Ipam['kind'], request: CniRequest): Ipam {
  const ipam = decodeIpam(readInputs(request));
  if (ipam.kind === kind) return ipam;
  throw new CniError(cniCodes.config, `"ipam.type" is not "${request.plugin}"`);
}
