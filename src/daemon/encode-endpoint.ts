import type {EndpointSettings} from '../api/engine-types.ts';
import type {Attachment} from '../model/attachment.ts';
import type {Container} from '../model/container.ts';
import type {Network} from '../model/network.ts';

/** A container with what the controller knows of it. `networks` are those of its attachments. */
export interface ContainerView {
  readonly container: Container;
  readonly attachments: readonly Attachment[];
  readonly networks: readonly Network[];
}

/** By network name. A container that is attached to nothing shows the network it will be on. */
export function encodeEndpoints(view: ContainerView): Readonly<Record<string, EndpointSettings>> {
  const attached = view.attachments.map(attachment => {
    const network = view.networks.find(({id}) => id === attachment.network);
    return [network?.name ?? attachment.network, endpoint(view.container, attachment, network)] as const;
  });
  const {network: mode} = view.container.config;
  if (attached.length > 0 || mode.kind === 'container') return Object.fromEntries(attached);
  return {[mode.kind === 'network' ? mode.network : mode.kind]: endpoint(view.container, undefined, undefined)};
}

function endpoint(
  {id, name, config}: Container,
  attachment: Attachment | undefined,
  network: Network | undefined,
): EndpointSettings {
  const lease = attachment?.leases[0];
  return {
    IPAMConfig: config.address === null ? null : {IPv4Address: config.address},
    Links: null,
    Aliases: null,
    DriverOpts: null,
    GwPriority: 0,
    MacAddress: attachment?.mac ?? '',
    NetworkID: network?.id ?? '',
    EndpointID: attachment?.id ?? '',
    Gateway: lease === undefined || network?.internal ? '' : (network?.subnets[0]?.gateway ?? ''),
    IPAddress: lease?.address ?? '',
    IPPrefixLen: lease?.prefixLength ?? 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: network === undefined || network.name === 'bridge' ? null : [name, id.slice(0, 12)],
  };
}
