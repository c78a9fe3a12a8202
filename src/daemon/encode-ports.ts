import type {PortBinding, PortMap, PortSummary} from '../api/engine-types.ts';
import type {PortMapping} from '../model/port-mapping.ts';

interface SinglePort {
  readonly key: string;
  readonly proto: string;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

/** `{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]}`, one entry for every port of a range. */
export function encodePorts(ports: readonly PortMapping[]): PortMap {
  const map: Record<string, PortBinding[]> = {};
  for (const {key, hostIp, hostPort} of ports.flatMap(expand)) {
    map[key] ??= [];
    map[key].push({HostIp: hostIp, HostPort: String(hostPort)});
  }
  return map;
}

/** What was asked for: no address and no port are empty texts. */
export function encodePortBindings(ports: readonly PortMapping[]): PortMap {
  const asked = (port: PortBinding): PortBinding => ({
    HostIp: port.HostIp === '0.0.0.0' ? '' : port.HostIp,
    HostPort: port.HostPort === '0' ? '' : port.HostPort,
  });
  return Object.fromEntries(Object.entries(encodePorts(ports)).map(([key, bindings]) => [key, bindings.map(asked)]));
}

export function encodePortSummary(ports: readonly PortMapping[]): readonly PortSummary[] {
  return ports
    .flatMap(expand)
    .map(port => ({IP: port.hostIp, PrivatePort: port.containerPort, PublicPort: port.hostPort, Type: port.proto}));
}

function expand({proto, hostIp, hostPort, containerPort, count}: PortMapping): readonly SinglePort[] {
  return Array.from({length: count}, (_, i) => ({
    key: `${containerPort + i}/${proto}`,
    proto,
    hostIp: hostIp ?? '0.0.0.0',
    hostPort: hostPort === 0 ? 0 : hostPort + i,
    containerPort: containerPort + i,
  }));
}
