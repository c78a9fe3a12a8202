import {closeSync} from 'node:fs';
import {TnetError} from '../errors.ts';
import type {Fd, Native} from '../kernel/native.ts';
import {type PortMapping, portMappingsConflict} from '../model/port-mapping.ts';

/** Host ports held by real sockets, so that no other process of the host can take them. */
export interface Reservations {
  /** Binds every port of `ports` and returns them with their numbers chosen. All or nothing. Throws ERR_PORT_IN_USE. */
  reserve(owner: string, ports: readonly PortMapping[]): readonly PortMapping[];
  /** One mapping of an owner, or all it has; what is not held is fine. */
  release(owner: string, mapping?: PortMapping): void;
  close(): void;
}

interface Held {
  readonly owner: string;
  readonly mapping: PortMapping;
  readonly fds: readonly Fd[];
}

export function createReservations(native: Pick<Native, 'openSocket'>): Reservations {
  const held = new Set<Held>();
  const drop = (entries: readonly Held[]): void => {
    for (const entry of entries) {
      for (const fd of entry.fds) closeSync(fd);
      held.delete(entry);
    }
  };
  return {
    reserve(owner, ports) {
      const made: Held[] = [];
      try {
        for (const port of ports) made.push({owner, ...bindMapping(native, port)});
      } catch (error) {
        drop(made);
        throw error;
      }
      for (const entry of made) held.add(entry);
      return made.map(({mapping}) => mapping);
    },
    release(owner, mapping) {
      const same = (entry: Held): boolean => mapping === undefined || portMappingsConflict(entry.mapping, mapping);
      drop([...held].filter(entry => entry.owner === owner && same(entry)));
    },
    close: () => drop([...held]),
  };
}

/** A socket a port. sctp has no socket type everywhere: those ports are kept by the store alone. */
function bindMapping(native: Pick<Native, 'openSocket'>, mapping: PortMapping): Omit<Held, 'owner'> {
  const {proto, hostIp, hostPort, count} = mapping;
  if (proto === 'sctp') return {mapping, fds: []};
  const fds: Fd[] = [];
  let first = hostPort;
  try {
    for (let i = 0; i < count; i++) {
      const ip = hostIp ?? '0.0.0.0';
      const {fd, port} = bind(native, {type: proto, ip, port: hostPort === 0 ? 0 : hostPort + i});
      fds.push(fd);
      if (i === 0) first = port;
    }
  } catch (error) {
    for (const fd of fds) closeSync(fd);
    throw error;
  }
  return {mapping: {...mapping, hostPort: first}, fds};
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
