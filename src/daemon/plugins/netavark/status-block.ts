import type {Attachment} from '../../../model/attachment.ts';
import {parseIp, parsePrefix, prefixContains} from '../../../model/ip.ts';
import {dnsAddress} from '../../../network/dns/redirect.ts';
import {dnsDomain} from './decode-network.ts';
import type {NetworkInfo} from './input.ts';

/** What podman keeps of one network of a container, and shows by `inspect`. */
export interface StatusBlock {
  readonly dns_search_domains: readonly string[];
  readonly dns_server_ips: readonly string[];
  readonly interfaces: Readonly<Record<string, InterfaceStatus>>;
}

interface InterfaceStatus {
  readonly mac_address: string;
  readonly subnets: readonly {readonly gateway: string | null; readonly ipnet: string}[];
}

/** The names' server is the sandbox's own: it answers on every network, and needs no port of the host's. */
export function statusBlock(
  info: NetworkInfo,
  {ifname, mac, leases}: Attachment,
  dnsServers: readonly string[],
): StatusBlock {
  const subnets = (info.subnets ?? []).map(({subnet, gateway}) => ({prefix: parsePrefix(subnet), gateway}));
  const gatewayOf = (address: string): string | null =>
    subnets.find(({prefix}) => prefixContains(prefix, parseIp(address)))?.gateway ?? null;
  return {
    dns_search_domains: info.dns_enabled ? [dnsDomain] : [],
    dns_server_ips: info.dns_enabled ? [dnsAddress] : dnsServers,
    interfaces: {
      [ifname]: {
        mac_address: mac,
        subnets: leases.map(({address, prefixLength}) => ({
          gateway: gatewayOf(address),
          ipnet: `${address}/${prefixLength}`,
        })),
      },
    },
  };
}
