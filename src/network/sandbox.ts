import type {Item} from '../kernel/item.ts';
import type {IdMaps} from '../model/id-map.ts';
import {plainLink} from './drivers/driver.ts';

/** What a fresh network namespace of ours holds before it is attached to anything; `ids` of the user namespace that owns it. */
export function planSandbox(path: string, ids: IdMaps | null = null): readonly Item[] {
  return [
    {ns: path, kind: 'netns', ...(ids === null ? {} : {ids})},
    // An IPv4-only sandbox must never let IPv6 start: its link-local chatter is flooded to every other one on the bridge.
    {ns: path, kind: 'sysctl', path: 'net/ipv6/conf/all/disable_ipv6', value: '1'},
    {ns: path, kind: 'sysctl', path: 'net/ipv6/conf/default/disable_ipv6', value: '1'},
    // As Docker since 20.10: in a namespace of its own nobody else needs protection of low ports.
    {ns: path, kind: 'sysctl', path: 'net/ipv4/ip_unprivileged_port_start', value: '0'},
    {ns: path, kind: 'sysctl', path: 'net/ipv4/ping_group_range', value: '0\t2147483647'},
    {...plainLink, ns: path, name: 'lo', type: 'loopback'},
  ];
}
