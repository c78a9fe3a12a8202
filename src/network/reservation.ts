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
  readonly mapping: PortMapping;
  readonly fds: readonly Fd[];
}

export function createReservations(native: Pick<Native, 'openSocket'>): Reservations {
  const held = new Map<string, readonly Held[]>();
  const give = (owner: string, entries: readonly Held[]): void => {
    if (entries.length > 0) held.set(owner, [...(held.get(owner) ?? []), ...entries]);
  };
  /** Those of an owner that `goes` says. */
  const take = (owner: string, goes: (entry: Held) => boolean): readonly Held[] => {
    const entries = held.get(owner) ?? [];
    const rest = entries.filter(entry => !goes(entry));
    if (rest.length > 0) held.set(owner, rest);
    else held.delete(owner);
    return entries.filter(goes);
  };
  return {
    reserve(owner, ports) {
      const made: Held[] = [];
      try {
        for (const port of ports) made.push(bindMapping(native, port));
      } catch (error) {
        closeAll(made);
        throw error;
      }
      give(owner, made);
      return made.map(({mapping}) => mapping);
    },
    release(owner, mapping) {
      closeAll(take(owner, entry => mapping === undefined || portMappingsConflict(entry.mapping, mapping)));
    },
    holds: (owner, mapping) => (held.get(owner) ?? []).some(entry => portMappingsConflict(entry.mapping, mapping)),
    move(from, to) {
      give(
        to,
        take(from, () => true),
      );
    },
    close() {
      for (const entries of held.values()) closeAll(entries);
      held.clear();
    },
  };
}

function closeAll(entries: readonly Held[]): void {
  for (const {fds} of entries) for (const fd of fds) closeSync(fd);
}

/** sctp has no socket type everywhere: those ports are kept by the store alone. */
function bindMapping(native: Pick<Native, 'openSocket'>, mapping: PortMapping): Held {
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
function bindFirstFree(native: Pick<Native, 'openSocket'>, mapping: PortMapping): Held {
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
