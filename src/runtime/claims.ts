import {formatPortMapping, type PortMapping} from '../model/port-mapping.ts';

/** Whether `asked` at create is what runs as `mapping`: its host port may have been left to us, its address to the network. */
export function claims({hostPortEnd, ...asked}: PortMapping, mapping: PortMapping): boolean {
  const last = hostPortEnd ?? (asked.hostPort === 0 ? 65_535 : asked.hostPort);
  const chosen = mapping.hostPort >= asked.hostPort && mapping.hostPort <= last;
  const hostPort = chosen ? mapping.hostPort : asked.hostPort;
  return formatPortMapping({...asked, hostIp: asked.hostIp ?? mapping.hostIp, hostPort}) === formatPortMapping(mapping);
}
