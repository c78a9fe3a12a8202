import {type PortMapping, portMapping} from '../model/port-mapping.ts';
import {decoding} from './failure.ts';

/** `--expose`: `80`, `80/udp` or `8000-8003/tcp`, as the single ports they are: `80/tcp`. */
export function decodeExposed(ports: readonly string[]): readonly string[] {
  return ports.flatMap(port => {
    const {proto, containerPort, count} = decoding(() => mappingOf(port));
    return Array.from({length: count}, (_, i) => `${containerPort + i}/${proto}`);
  });
}

/** `-P`: those that are exposed and not published yet, on host ports to be chosen. */
export function publishExposed(exposed: readonly string[], published: readonly PortMapping[]): readonly PortMapping[] {
  return exposed.map(mappingOf).filter(({proto, containerPort}) => {
    const holds = (port: PortMapping): boolean =>
      port.proto === proto && containerPort >= port.containerPort && containerPort < port.containerPort + port.count;
    return !published.some(holds);
  });
}

function mappingOf(port: string): PortMapping {
  const [container = '', proto = 'tcp'] = port.split('/', 2);
  return portMapping({ip: '', host: '', container, proto});
}
