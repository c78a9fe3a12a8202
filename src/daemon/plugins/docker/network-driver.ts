import {type Attachment, leaseOf} from '../../../model/attachment.ts';
import type {Family} from '../../../model/ip.ts';
import {type Network, subnetOf} from '../../../model/network.ts';
import {unseenSandbox} from '../../../model/sandbox.ts';
import {bridgeOptions} from '../../../network/options.ts';
import {badRequest} from '../../failure.ts';
import {ensureInline, findInline} from '../inline-network.ts';
import {decodeEndpoint, decodeName, decodePortMap} from './decode-endpoint.ts';
import {decodeNetwork, decodeNetworkId, networkName, portsOption} from './decode-network.ts';
import type {DockerController, DockerMethod, DockerMethods} from './docker-method.ts';

const nothing: DockerMethod = async () => ({});

/**
 * dockerd asks again after a crash of its own, and takes away what it finds unfinished: each of these may come twice, or for what is
 * long gone. What it is told is in our store, so our daemon may be another by then.
 */
export const networkDriver: DockerMethods = {
  'NetworkDriver.GetCapabilities': async () => ({Scope: 'local', ConnectivityScope: 'local'}),
  'NetworkDriver.CreateNetwork': createNetwork,
  'NetworkDriver.DeleteNetwork': deleteNetwork,
  'NetworkDriver.CreateEndpoint': createEndpoint,
  'NetworkDriver.EndpointOperInfo': async () => ({Value: {}}),
  'NetworkDriver.Join': join,
  'NetworkDriver.ProgramExternalConnectivity': publish,
  'NetworkDriver.RevokeExternalConnectivity': unpublish,
  // The link is Docker's until DeleteEndpoint: it has moved it, and moves it back.
  'NetworkDriver.Leave': nothing,
  'NetworkDriver.DeleteEndpoint': deleteEndpoint,
  // Of swarms, about other machines.
  'NetworkDriver.DiscoverNew': nothing,
  'NetworkDriver.DiscoverDelete': nothing,
};

async function createNetwork(controller: DockerController, request: unknown): Promise<object> {
  await ensureInline(controller, decodeNetwork(request));
  return {};
}

async function deleteNetwork(controller: DockerController, request: unknown): Promise<object> {
  const network = findNetwork(controller, decodeNetworkId(request));
  if (network === undefined) return {};
  await controller.detach(...controller.attachmentsOf({network: network.id}).map(({id}) => id));
  await controller.remove(network.id);
  return {};
}

/** The veth pair is there from now on, its second end on the host: so a link that is gone tells of a container that is. */
async function createEndpoint(controller: DockerController, request: unknown): Promise<object> {
  const {networkId, endpointId} = decodeName(request);
  const {leases, mac, options} = decodeEndpoint(request);
  const network = requireNetwork(controller, networkId);
  const left = findEndpoint(controller, {networkId, endpointId});
  if (left !== undefined) await controller.detach(left.id);
  const attachment = await controller.attach({
    network: network.id,
    sandbox: unseenSandbox(endpointId),
    owner: endpointId,
    ifname: sourceName(endpointId),
    addresses: [],
    ...(leases.length > 0 ? {leases} : {}),
    mac,
    ports: [],
    names: [],
    gatewayPriority: 0,
    options,
  });
  const chosen = (family: Family) => (leases.length > 0 ? {} : addressField(attachment, family));
  return {Interface: {...chosen(4), ...chosen(6), ...(mac === null ? {MacAddress: attachment.mac} : {})}};
}

/** What dockerd knows already it must not be told again. */
function addressField(attachment: Attachment, family: Family): object {
  const lease = leaseOf(attachment, family);
  if (lease === undefined) return {};
  return {[family === 4 ? 'Address' : 'AddressIPv6']: `${lease.address}/${lease.prefixLength}`};
}

/** Without a gateway Docker leads the container out itself, unless it is told that nothing shall. */
async function join(controller: DockerController, request: unknown): Promise<object> {
  const {networkId, endpointId} = decodeName(request);
  const network = requireNetwork(controller, networkId);
  const attachment = findEndpoint(controller, {networkId, endpointId});
  if (attachment === undefined) throw badRequest(`endpoint ${endpointId} not found on network "${network.name}"`);
  const leadsOut = !network.internal && !isDockersToPublish(network);
  const gateway = (family: Family): string =>
    leadsOut && leaseOf(attachment, family) ? (subnetOf(network, family)?.gateway ?? '') : '';
  return {
    InterfaceName: {SrcName: attachment.ifname, DstPrefix: bridgeOptions(network).prefix},
    Gateway: gateway(4),
    GatewayIPv6: gateway(6),
    StaticRoutes: [],
    DisableGatewayService: network.internal,
  };
}

/** For the endpoint that leads its container out, with each change of it. */
async function publish(controller: DockerController, request: unknown): Promise<object> {
  const name = decodeName(request);
  const network = requireNetwork(controller, name.networkId);
  const attachment = findEndpoint(controller, name);
  if (attachment === undefined || isDockersToPublish(network) || network.internal) return {};
  await controller.setPorts(attachment.id, decodePortMap(request));
  return {};
}

async function unpublish(controller: DockerController, request: unknown): Promise<object> {
  const attachment = findEndpoint(controller, decodeName(request));
  if (attachment !== undefined) await controller.setPorts(attachment.id, []);
  return {};
}

async function deleteEndpoint(controller: DockerController, request: unknown): Promise<object> {
  const attachment = findEndpoint(controller, decodeName(request));
  if (attachment !== undefined) await controller.detach(attachment.id);
  return {};
}

const isDockersToPublish = ({options}: Network): boolean => options[portsOption] === 'docker';

/** IFNAMSIZ leaves fifteen characters. */
const sourceName = (endpointId: string): string => `tnd${endpointId.slice(0, 12)}`;

function findNetwork(controller: DockerController, networkId: string): Network | undefined {
  return findInline(controller, {plugin: 'docker', name: networkName(networkId)});
}

function requireNetwork(controller: DockerController, networkId: string): Network {
  const network = findNetwork(controller, networkId);
  if (network !== undefined) return network;
  throw badRequest(`network ${networkId} is not known to tnet: remove it from Docker and create it again`);
}

function findEndpoint(
  controller: DockerController,
  {networkId, endpointId}: ReturnType<typeof decodeName>,
): Attachment | undefined {
  const network = findNetwork(controller, networkId);
  return network && controller.attachmentsOf({network: network.id, owner: endpointId})[0];
}
