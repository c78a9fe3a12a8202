import type {HomeRoute} from '../../../kernel/item.ts';
import type {Attachment} from '../../../model/attachment.ts';
import type {Controller} from '../../../network/controller.ts';
import {deviceOption, lendAsIs} from '../../../network/drivers/host-device.ts';
import type {AttachSpec} from '../../../network/new-attachment.ts';
import {badRequest} from '../../failure.ts';
import {ensureInline, findInline, type InlineSpec, isCode, removeUnused} from '../inline-network.ts';
import type {NetDevice} from './read-devices.ts';

/** Of links that are lent; there as long as one is. */
const lentNetwork: InlineSpec = {
  plugin: 'oci',
  name: 'devices',
  driver: 'host-device',
  ipv4: false,
  ipv6: false,
  subnets: [],
  internal: false,
  options: {},
  labels: {},
};

/** Whom it is for. */
export type Borrower = Pick<AttachSpec, 'sandbox' | 'owner' | 'options'>;

/** `linux.netDevices`: a link goes into the sandbox, up, with its name there and all it had. Throws ERR_BAD_REQUEST when it is not the host's. */
export async function lendDevice(controller: Controller, borrower: Borrower, {device, name}: NetDevice): Promise<void> {
  const link = controller.hostLinks().find(each => each.name === device);
  if (link === undefined) return refuseUnlessInside(controller, borrower, {device, name});
  await attachToLent(controller, {
    ...borrower,
    ifname: name,
    addresses: [],
    leases: link.addresses,
    routes: [],
    mac: link.mac,
    ports: [],
    names: [],
    gatewayPriority: null,
    options: {...borrower.options, ...lendAsIs({...link, routes: await routesBy(controller, device)})},
  });
}

/** include/uapi/linux/rtnetlink.h: what the kernel makes with an address, and what a router's next advertisement does. */
const madeAnew = [2, 9];

/** Of the host's, as others have made them. */
async function routesBy(controller: Controller, device: string): Promise<readonly HomeRoute[]> {
  let routes: readonly HomeRoute[] = [];
  await controller.adjustBy('', view => {
    routes = view.routes
      .filter(({link, protocol}) => link === device && !madeAnew.includes(protocol ?? 0))
      .map(({to, via, metric, table, protocol = 0}) => {
        return {to, via, table, protocol, ...(metric === undefined ? {} : {metric})};
      });
    return [];
  });
  return routes;
}

export async function forgetLent(controller: Controller): Promise<void> {
  const network = findInline(controller, lentNetwork);
  if (network !== undefined) await removeUnused(controller, network);
}

/** The last that is given back takes the network with it, perhaps between our two steps. */
async function attachToLent(controller: Controller, spec: Omit<AttachSpec, 'network'>): Promise<Attachment> {
  for (let tries = 1; ; tries++) {
    const network = await ensureInline(controller, lentNetwork);
    try {
      return await controller.attach({...spec, network: network.id});
    } catch (error) {
      if (!isCode(error, 'ERR_NETWORK_NOT_FOUND') || tries === 3) throw error;
    }
  }
}

/** A runtime that knows of netDevices (runc 1.4, crun 1.24) has moved it before it calls its hooks. */
async function refuseUnlessInside(
  controller: Controller,
  {sandbox}: Borrower,
  {device, name}: NetDevice,
): Promise<void> {
  let inside = false;
  await controller.adjustBy(sandbox, ({links}) => {
    inside = links.some(({link}) => link === name);
    return [];
  });
  if (inside) return;
  const holder = controller.attachmentsOf({}).find(({options}) => options[deviceOption] === device);
  throw badRequest(
    `linux.netDevices: the host has no link "${device}"${holder === undefined ? '' : `: it is lent to container "${holder.owner}"`}`,
  );
}
