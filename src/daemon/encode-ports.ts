import type {PortBinding, PortMap, PortSummary} from '../api/engine-types.ts';
import type {Attachment} from '../model/attachment.ts';
import type {PortMapping} from '../model/port-mapping.ts';
import type {State} from '../model/state.ts';
import {publishedPorts} from '../network/firewall/ruleset.ts';

interface SinglePort {
  readonly key: string;
  readonly proto: string;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

/** `{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}]}`: what is published, one entry a port and family. Ports that are only exposed have null. */
export function encodePorts(
  attachments: readonly Attachment[],
  networks: State['networks'],
  exposed: readonly string[],
): PortMap {
  const map = toPortMap(singlePorts(attachments, networks));
  return {...Object.fromEntries(exposed.filter(port => !(port in map)).map(port => [port, null])), ...map};
}

/** What was asked for: no address and no port are empty texts. */
export function encodePortBindings(ports: readonly PortMapping[]): PortMap {
  const asked = ports.flatMap(port => expand({...port, hostIp: port.hostIp ?? ''}));
  const text = ({HostIp, HostPort}: PortBinding): PortBinding => ({HostIp, HostPort: HostPort === '0' ? '' : HostPort});
  return Object.fromEntries(Object.entries(toPortMap(asked)).map(([key, bindings]) => [key, bindings!.map(text)]));
}

export function encodePortSummary(
  attachments: readonly Attachment[],
  networks: State['networks'],
): readonly PortSummary[] {
  return singlePorts(attachments, networks).map(port => ({
    IP: port.hostIp,
    PrivatePort: port.containerPort,
    PublicPort: port.hostPort,
    Type: port.proto,
  }));
}

function singlePorts(attachments: readonly Attachment[], networks: State['networks']): readonly SinglePort[] {
  return publishedPorts(attachments, networks).flatMap(port =>
    expand({...port, hostIp: port.hostIp ?? (port.address.includes(':') ? '::' : '0.0.0.0')}),
  );
}

function toPortMap(ports: readonly SinglePort[]): Record<string, PortBinding[]> {
  const map: Record<string, PortBinding[]> = {};
  for (const {key, hostIp, hostPort} of ports) {
    map[key] ??= [];
    map[key].push({HostIp: hostIp, HostPort: String(hostPort)});
  }
  return map;
}

interface PortRange extends Pick<PortMapping, 'proto' | 'hostPort' | 'containerPort' | 'count'> {
  readonly hostIp: string;
}

function expand({proto, hostIp, hostPort, containerPort, count}: PortRange): readonly SinglePort[] {
  return Array.from({length: count}, (_, i) => ({
    key: `${containerPort + i}/${proto}`,
    proto,
    hostIp,
    hostPort: hostPort === 0 ? 0 : hostPort + i,
    containerPort: containerPort + i,
  }));
}
