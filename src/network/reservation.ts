import {closeSync} from 'node:fs';
import {TnetError} from '../errors.ts';
import type {Fd, Native} from '../kernel/native.ts';
import type {Ip} from '../model/ip.ts';
import {type PortMapping, portMappingsConflict} from '../model/port-mapping.ts';

/** Host ports held by real sockets, so that no other process of the host can take them. */
export interface Reservations {
  /** Binds every port of `ports` and returns them with their numbers chosen. All or nothing. Throws ERR_PORT_IN_USE. */
  reserve(owner: string, ports: readonly PortMapping[]): readonly PortMapping[];
  /** One mapping of an owner, or all it has; what is not held is fine. */
  release(owner: string, mapping?: PortMapping): void;
  /** Whether an owner's mapping is held. */
  holds(owner: string, mapping: PortMapping): boolean;
  /** Everything `from` holds is `to`'s now. */
  move(from: string, to: string): void;
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
    holds: (owner, mapping) =>
      [...held].some(entry => entry.owner === owner && portMappingsConflict(entry.mapping, mapping)),
    move(from, to) {
      for (const entry of [...held].filter(({owner}) => owner === from)) {
        held.delete(entry);
        held.add({...entry, owner: to});
      }
    },
    close: () => drop([...held]),
  };
}

/** sctp has no socket type everywhere: those ports are kept by the store alone. */
function bindMapping(native: Pick<Native, 'openSocket'>, mapping: PortMapping): Omit<Held, 'owner'> {
  const {proto, hostPort, hostPortEnd, count} = mapping;
  if (hostPortEnd !== undefined) return bindFirstFree(native, mapping);
  if (proto === 'sctp') return {mapping, fds: []};
  const fds: Fd[] = [];
  let first = hostPort;
  try {
    for (let i = 0; i < count; i++) {
      const {fd, port} = bind(native, {proto, hostIp: mapping.hostIp, port: hostPort === 0 ? 0 : hostPort + i});
      fds.push(fd);
      if (i === 0) first = port;
    }
  } catch (error) {
    for (const fd of fds) closeSync(fd);
    throw error;
  }
  return {mapping: {...mapping, hostPort: first}, fds};
}

/** `-p 8000-8010:80`: any of them. */
function bindFirstFree(native: Pick<Native, 'openSocket'>, mapping: PortMapping): Omit<Held, 'owner'> {
  const {hostPortEnd, ...rest} = mapping;
  for (let hostPort = mapping.hostPort; hostPort <= hostPortEnd!; hostPort++) {
    try {
      return bindMapping(native, {...rest, hostPort});
    } catch (error) {
      if (hostPort === hostPortEnd) throw error;
    }
  }
  throw new RangeError(`invalid host port range ${mapping.hostPort}-${hostPortEnd}`);
}

interface Where {
  readonly proto: 'tcp' | 'udp';
  /** null: every address of both families. */
  readonly hostIp: Ip | null;
  readonly port: number;
}

function bind(native: Pick<Native, 'openSocket'>, {proto, hostIp, port}: Where): {fd: Fd; port: number} {
  const open = (ip: string) => native.openSocket({type: proto, ip, port, listen: proto === 'tcp', dropAll: true});
  try {
    return hostIp === null
      ? orIpv4(
          () => open('*'),
          () => open('0.0.0.0'),
        )
      : open(hostIp);
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
      `failed to bind host port for ${hostIp?.includes(':') ? `[${hostIp}]` : (hostIp ?? '0.0.0.0')}:${port}/${proto}: ${reason}`,
      {cause},
    );
  }
}

/** A host without IPv6 has no socket for both. */
function orIpv4<T>(both: () => T, ipv4: () => T): T {
  try {
    return both();
  } catch (error) {
    if (['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes((error as {code?: string}).code ?? '')) return ipv4();
    throw error;
  }
}
