import type {EndpointSettings} from '../api/engine-types.ts';
import {type Attachment, leaseOf} from '../model/attachment.ts';
import type {Container, EndpointConfig} from '../model/container.ts';
import type {Health} from '../model/healthcheck.ts';
import {type Family, ipFamily} from '../model/ip.ts';
import {type Network, subnetOf} from '../model/network.ts';
import type {AttachmentStats} from '../network/stats.ts';
import type {ContainerSize} from '../runtime/container-size.ts';
import type {Exec} from '../runtime/exec/exec.ts';
import {encodeCounters} from './encode-stats.ts';

/** A container with what the controller knows of it. `networks` are those of its attachments. */
export interface ContainerView {
  readonly container: Container;
  readonly attachments: readonly Attachment[];
  readonly networks: readonly Network[];
  /** What else runs in it; left out where nobody asked. */
  readonly execs?: readonly Exec[];
  /** Left out, or null, when it is not probed. */
  readonly health?: Health | null;
  /** Left out where nobody asked. */
  readonly size?: ContainerSize;
  /** Where a volume's files are. */
  readonly mountpoint: (volume: string) => string;
  /** What each attachment has carried; left out where nobody asked. */
  readonly counters?: readonly AttachmentStats[];
}

export function networksById({networks}: ContainerView): ReadonlyMap<string, Network> {
  return new Map(networks.map(network => [network.id, network]));
}

/** By network name. A container that is attached to nothing shows the networks it will be on. */
export function encodeEndpoints(view: ContainerView): Readonly<Record<string, EndpointSettings>> {
  const {container, attachments, networks} = view;
  const {endpoints, network: mode} = container.config;
  if (mode.kind === 'host' || mode.kind === 'none') return {[mode.kind]: endpointSettings(container, {})};
  const attached = attachments.map(attachment => {
    const network = networks.find(({id}) => id === attachment.network);
    const config = endpoints.find(endpoint => network && isNetwork(endpoint.network, network));
    const settings = endpointSettings(container, {attachment, network, config});
    const counters = view.counters?.find(each => each.attachment.id === attachment.id);
    return [
      network?.name ?? attachment.network,
      counters === undefined ? settings : {...settings, Counters: encodeCounters(counters)},
    ] as const;
  });
  if (attached.length > 0) return Object.fromEntries(attached);
  return Object.fromEntries(endpoints.map(config => [config.network, endpointSettings(container, {config})]));
}

function isNetwork(ref: string, {name, id}: Network): boolean {
  return ref === name || id.startsWith(ref);
}

interface EndpointView {
  readonly attachment?: Attachment | undefined;
  readonly network?: Network | undefined;
  readonly config?: EndpointConfig | undefined;
}

function endpointSettings({name, id}: Container, {attachment, network, config}: EndpointView): EndpointSettings {
  const [lease4, lease6] = attachment ? [leaseOf(attachment, 4), leaseOf(attachment, 6)] : [];
  const gateway = (family: Family): string =>
    network === undefined || network.internal ? '' : (subnetOf(network, family)?.gateway ?? '');
  return {
    IPAMConfig: config === undefined || config.addresses.length === 0 ? null : encodeIpam(config),
    Links: null,
    Aliases: config && config.aliases.length > 0 ? config.aliases : null,
    DriverOpts: config && Object.keys(config.options).length > 0 ? config.options : null,
    GwPriority: config?.gatewayPriority ?? 0,
    MacAddress: attachment?.mac ?? config?.mac ?? '',
    NetworkID: network?.id ?? '',
    EndpointID: attachment?.id ?? '',
    Gateway: lease4 ? gateway(4) : '',
    IPAddress: lease4?.address ?? '',
    IPPrefixLen: lease4?.prefixLength ?? 0,
    IPv6Gateway: lease6 ? gateway(6) : '',
    GlobalIPv6Address: lease6?.address ?? '',
    GlobalIPv6PrefixLen: lease6?.prefixLength ?? 0,
    DNSNames:
      network === undefined || network.name === 'bridge' ? null : (attachment?.names ?? [name, id.slice(0, 12)]),
  };
}

function encodeIpam({addresses}: EndpointConfig): EndpointSettings['IPAMConfig'] {
  const [v4, v6] = ([4, 6] as const).map(family => addresses.find(ip => ipFamily(ip) === family));
  return {...(v4 ? {IPv4Address: v4} : {}), ...(v6 ? {IPv6Address: v6} : {})};
}
