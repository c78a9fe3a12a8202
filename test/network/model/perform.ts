import {existsSync} from 'node:fs';
import type {Ip, Prefix} from '../../../src/model/ip.ts';
import type {Mac} from '../../../src/model/mac.ts';
import type {PortMapping} from '../../../src/model/port-mapping.ts';
import type {Controller} from '../../../src/network/controller.ts';
import {networkSpec} from '../../fixture/network.ts';
import {detached, linksOf, type Model, type Port, pick, type Told} from './model.ts';
import type {AttachStep, CreateStep, Family, PortWish, Step} from './steps.ts';
import {parse, toText} from './subnets.ts';

/** One step through the controller's door; nothing when there is nothing that it could be about. */
export async function perform(controller: Controller, model: Model, step: Step, dir: string): Promise<Told | null> {
  switch (step.do) {
    case 'create': {
      const {device, id} = await controller.create(createSpec(step));
      return {device, id};
    }
    case 'remove':
      await controller.remove(step.net);
      return {};
    case 'attach':
      return attach(controller, model, step, dir);
    case 'publish': {
      const link = pick(model, step.box, step.link);
      if (link === undefined) return null;
      const given = await controller.publish(link.id, mapping(step.port));
      return {ports: [given].flat().map(toPort)};
    }
    case 'unpublish': {
      const link = pick(model, step.box, step.link);
      if (link === undefined || link.ports.length === 0) return null;
      await controller.unpublish(link.id, link.ports[step.port % link.ports.length]! as PortMapping);
      return {};
    }
    case 'limit': {
      const link = pick(model, step.box, step.link);
      if (link === undefined) return null;
      const limits = {'tnet.ingress-rate': '20mbit', 'tnet.egress-rate': '10mbit'};
      await controller.configure(link.id, step.on ? limits : {});
      return {};
    }
    case 'detach':
      await controller.detach(...detached(model, step.box, step.links).map(({id}) => id));
      return {};
    case 'leave':
      await controller.detach(...linksOf(model, step.box).map(({id}) => id));
      if (existsSync(sandboxOf(dir, step.box))) await controller.removeSandbox(sandboxOf(dir, step.box));
      return {};
    default:
      return null;
  }
}

export function sandboxOf(dir: string, box: number): string {
  return `${dir}/netns/box${box}`;
}

function createSpec(step: CreateStep) {
  const {net, families, subnets, range, reserved, internal, icc, masquerade, mode, binding} = step;
  const bridge = (name: string, value: string | null) =>
    value === null ? {} : {[`com.docker.network.bridge.${name}`]: value};
  return networkSpec(net, {
    ipv4: families.includes(4),
    ipv6: families.includes(6),
    subnets: families.flatMap(family =>
      subnets[family] === null ? [] : [subnetSpec(subnets[family], {range, reserved})],
    ),
    internal,
    options: {
      ...bridge('enable_icc', icc ? null : 'false'),
      ...bridge('enable_ip_masquerade', masquerade ? null : 'false'),
      ...bridge('gateway_mode_ipv4', mode === 'nat' ? null : mode),
      ...bridge('gateway_mode_ipv6', mode === 'nat' ? null : mode),
      ...bridge('host_binding_ipv4', binding),
    },
  });
}

function subnetSpec(prefix: string, {range, reserved}: Pick<CreateStep, 'range' | 'reserved'>) {
  const {first, last, family, length} = parse(prefix);
  const upper = `${toText(first + (last - first + 1n) / 2n, family)}/${length + 1}`;
  return {
    prefix: prefix as Prefix,
    gateway: null,
    range: range === null || family === 6 ? null : (upper as Prefix),
    reserved: (reserved ? {printer: toText(first + 2n, family)} : {}) as Readonly<Record<string, Ip>>,
  };
}

async function attach(controller: Controller, model: Model, step: AttachStep, dir: string): Promise<Told> {
  const {box, net, priority, addresses, mac, ports} = step;
  const sandbox = sandboxOf(dir, box);
  const fresh = !existsSync(sandbox);
  if (fresh) await controller.createSandbox(sandbox);
  try {
    const made = await controller.attach({
      network: net,
      sandbox,
      owner: `box${box}`,
      ifname: null,
      addresses: ([4, 6] as const).flatMap(family => wishedAddress(model, {net, family, wish: addresses[family]})),
      mac: mac as Mac | null,
      ports: ports.map(mapping),
      names: [`box${box}`],
      gatewayPriority: priority,
      options: {},
    });
    return {id: made.id, host: made.hostIfname, ports: made.ports.map(toPort)};
  } catch (error) {
    if (fresh) await controller.removeSandbox(sandbox);
    throw error;
  }
}

/** Of a family that the network has not: any. */
function wishedAddress(
  {nets}: Model,
  {net, family, wish}: {readonly net: string; readonly family: Family; readonly wish: number | null},
): readonly Ip[] {
  if (wish === null) return [];
  const subnet = nets.get(net)?.subnets.find(each => each.family === family);
  const base = subnet?.first ?? parse(family === 4 ? '10.99.0.0/24' : 'fd99::/64').first;
  return [toText(base + BigInt(wish), family) as Ip];
}

function mapping({hostIp, ...rest}: PortWish): PortMapping {
  return {...rest, hostIp: hostIp as Ip | null};
}

export function toPort({proto, hostIp, hostPort, containerPort, count}: PortMapping): Port {
  return {proto: proto as Port['proto'], hostIp, hostPort, containerPort, count};
}
