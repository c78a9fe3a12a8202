import type {Ip} from '../../model/ip.ts';
import {dnsAddress} from './redirect.ts';

/** A DNS server we ask for names that are not ours, at port 53. */
export interface Upstream {
  readonly ip: Ip;
  /** Whose network leads there: the host's, for the servers of the host's resolv.conf; the sandbox's, for those of `--dns`. */
  readonly from: 'host' | 'sandbox';
}

/** As resolv.conf(5), MAXNS. */
export const maxUpstreams = 3;

/** Those of `--dns` alone when there are any, else the host's. We do not ask ourselves. */
export function planUpstreams({given, host}: {given: readonly Ip[]; host: readonly Ip[]}): readonly Upstream[] {
  const upstreams: readonly Upstream[] =
    given.length > 0
      ? given.filter(ip => ip !== dnsAddress).map(ip => ({ip, from: 'sandbox'}))
      : host.map(ip => ({ip, from: 'host'}));
  return upstreams.slice(0, maxUpstreams);
}
