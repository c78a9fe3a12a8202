import {closeSync} from 'node:fs';
import {TnetError} from '../errors.ts';
import type {Fd, Native} from '../kernel/native.ts';
import type {PortMapping} from '../model/port-mapping.ts';

/** Host ports held by real sockets, so that no other process of the host can take them. */
export interface Reservations {
  /** Binds every port of `ports` and returns them with their numbers chosen. All or nothing. Throws ERR_PORT_IN_USE. */
  reserve(owner: string, ports: readonly PortMapping[]): readonly PortMapping[];
  release(owner: string): void;
  close(): void;
}

export function createReservations(native: Pick<Native, 'openSocket'>): Reservations {
  const held = new Map<string, readonly Fd[]>();
  const release = (owner: string): void => {
    for (const fd of held.get(owner) ?? []) closeSync(fd);
    held.delete(owner);
  };
  return {
    reserve(owner, ports) {
      const fds: Fd[] = [];
      try {
        const chosen = ports.map(port => bindMapping(native, port, fds));
        if (fds.length > 0) held.set(owner, fds);
        return chosen;
      } catch (error) {
        for (const fd of fds) closeSync(fd);
        throw error;
      }
    },
    release,
    close: () => [...held.keys()].forEach(release),
  };
}

/** Appends a socket a port to `fds`. sctp has no socket type everywhere: those ports are kept by the store alone. */
function bindMapping(native: Pick<Native, 'openSocket'>, mapping: PortMapping, fds: Fd[]): PortMapping {
  const {proto, hostIp, hostPort, count} = mapping;
  if (proto === 'sctp') return mapping;
  let first = hostPort;
  for (let i = 0; i < count; i++) {
    const ip = hostIp ?? '0.0.0.0';
    const {fd, port} = bind(native, {type: proto, ip, port: hostPort === 0 ? 0 : hostPort + i});
    fds.push(fd);
    if (i === 0) first = port;
  }
  return {...mapping, hostPort: first};
}

function bind(
  native: Pick<Native, 'openSocket'>,
  where: {type: 'tcp' | 'udp'; ip: string; port: number},
): {fd: Fd; port: number} {
  try {
    return native.openSocket({...where, listen: where.type === 'tcp', dropAll: true});
  } catch (cause) {
    const {code} = cause as {code?: string};
    const reason =
      code === 'EADDRINUSE'
        ? 'address already in use'
        : code === 'EADDRNOTAVAIL'
          ? 'cannot assign requested address'
          : (cause as Error).message;
    throw new TnetError(
      'ERR_PORT_IN_USE',
      `failed to bind host port for ${where.ip}:${where.port}/${where.type}: ${reason}`,
      {cause},
    );
  }
}
