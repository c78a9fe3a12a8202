import type {Attachment} from '../model/attachment.ts';
import {type PortMapping, portMappingsConflict} from '../model/port-mapping.ts';

export interface PortConflict {
  readonly port: PortMapping;
  /** Claims the same, in `ports` before it or in what is held. */
  readonly other: PortMapping;
}

/** The first conflict among `ports`, or of one with those held near their numbers. By host port, so that 5,000 against 5,000 is 10,000 steps. */
export function findConflict(
  ports: readonly PortMapping[],
  heldNear: (hostPorts: Iterable<number>) => Iterable<Pick<Attachment, 'ports'>>,
): PortConflict | undefined {
  const claims = new Map<number, PortMapping[]>();
  const claimed = (other: PortMapping): PortMapping | undefined => {
    for (const number of numbersOf(other)) {
      const port = claims.get(number)?.find(each => portMappingsConflict(each, other));
      if (port) return port;
    }
    return undefined;
  };
  for (const port of ports) {
    const other = claimed(port);
    if (other) return {port, other};
    for (const number of numbersOf(port)) claims.set(number, [...(claims.get(number) ?? []), port]);
  }
  if (claims.size === 0) return undefined;
  for (const {ports: mappings} of heldNear(claims.keys()))
    for (const other of mappings) {
      const port = claimed(other);
      if (port) return {port, other};
    }
  return undefined;
}

/** A port that is still to be chosen claims nothing yet. */
function* numbersOf({hostPort, hostPortEnd, count}: PortMapping): Iterable<number> {
  if (hostPort === 0 || hostPortEnd) return;
  for (let i = 0; i < count; i++) yield hostPort + i;
}
