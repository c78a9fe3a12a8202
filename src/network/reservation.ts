import {TnetError} from '../errors.ts';
import type {Fd, Native} from '../kernel/native.ts';
import type {Attachment} from '../model/attachment.ts';
import type {Ip} from '../model/ip.ts';
import {formatPortMapping, type PortMapping, portMappingsConflict} from '../model/port-mapping.ts';

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

type Sockets = Pick<Native, 'openSocket' | 'openSockets' | 'closeSockets'>;

interface Held {
  readonly mapping: PortMapping;
  readonly fds: readonly Fd[];
}

export function createReservations(native: Sockets): Reservations {
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
        closeAll(native, made);
        throw error;
      }
      give(owner, made);
      return made.map(({mapping}) => mapping);
    },
    release(owner, mapping) {
      closeAll(
        native,
        take(owner, entry => mapping === undefined || portMappingsConflict(entry.mapping, mapping)),
      );
    },
    holds: (owner, mapping) => (held.get(owner) ?? []).some(entry => portMappingsConflict(entry.mapping, mapping)),
    move(from, to) {
      give(
        to,
        take(from, () => true),
      );
    },
    close() {
      for (const entries of held.values()) closeAll(native, entries);
      held.clear();
    },
  };
}

function closeAll(native: Sockets, entries: readonly Held[]): void {
  native.closeSockets(entries.flatMap(({fds}) => fds));
}

/** sctp has no socket type everywhere: those ports are kept by the store alone. */
function bindMapping(native: Sockets, mapping: PortMapping): Held {
  const {proto, hostIp, hostPort, hostPortEnd, count} = mapping;
  if (hostPortEnd !== undefined) return bindFirstFree(native, mapping);
  if (proto === 'sctp') return {mapping, fds: []};
  if (count > 1) return {mapping, fds: bindRange(native, {proto, hostIp, port: hostPort}, count)};
  const {fd, port} = bind(native, {proto, hostIp, port: hostPort});
  return {mapping: {...mapping, hostPort: port}, fds: [fd]};
}

/**
 * Without listen(2) and without a filter for tcp, half the time of 5,000 ports: a socket that is only bound, without
 * SO_REUSEADDR, shares with nobody either and is given no packet. But it cannot follow on a TIME_WAIT, so one by one
 * has the last word, and names the port that is taken.
 */
function bindRange(native: Sockets, {proto, hostIp, port}: Where, count: number): readonly Fd[] {
  const open = (ip: string): Fd[] =>
    native.openSockets({type: proto, ip, port, listen: false, dropAll: proto === 'udp'}, count);
  try {
    return openOn(hostIp, open);
  } catch {
    return bindEach(
      native,
      Array.from({length: count}, (_, i) => ({proto, hostIp, port: port + i})),
    );
  }
}

function bindEach(native: Sockets, places: readonly Where[]): readonly Fd[] {
  const fds: Fd[] = [];
  try {
    for (const where of places) fds.push(bind(native, where).fd);
    return fds;
  } catch (error) {
    native.closeSockets(fds);
    throw error;
  }
}

/** `-p 8000-8010:80`: any of them. */
function bindFirstFree(native: Sockets, mapping: PortMapping): Held {
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

function bind(native: Sockets, {proto, hostIp, port}: Where): {fd: Fd; port: number} {
  const open = (ip: string) => native.openSocket({type: proto, ip, port, listen: proto === 'tcp', dropAll: true});
  try {
    return openOn(hostIp, open);
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

/** null: on every address. A host without IPv6 has no socket for both families. */
function openOn<T>(hostIp: Ip | null, open: (ip: string) => T): T {
  if (hostIp !== null) return open(hostIp);
  try {
    return open('*');
  } catch (error) {
    if (['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes((error as {code?: string}).code ?? '')) return open('0.0.0.0');
    throw error;
  }
}

/** Option of an attachment whose owner binds its ports itself, as podman does: `caller`. It would find ours in its way. */
export const holderOption = 'tnet.ports.holder';

type Publishing = Pick<Attachment, 'id' | 'ports' | 'options'>;

export const isHeldByUs = ({options}: Pick<Attachment, 'options'>): boolean => options[holderOption] !== 'caller';

/** With its host ports chosen and held. Throws ERR_PORT_IN_USE, and ERR_BAD_REQUEST where the caller holds what it has not chosen. */
export function holdPorts<T extends Publishing>(draft: T, reservations: Reservations): T {
  if (isHeldByUs(draft)) return {...draft, ports: reservations.reserve(draft.id, draft.ports)};
  const open = draft.ports.find(({hostPort, hostPortEnd}) => hostPort === 0 || hostPortEnd !== undefined);
  if (open === undefined) return draft;
  throw new TnetError(
    'ERR_BAD_REQUEST',
    `Cannot publish "${formatPortMapping(open)}": its caller must choose the host port`,
  );
}

/** After a restart the rules still stand; a port that somebody took meanwhile stays published, it is only not held. */
export function reserveAgain(attachments: Iterable<Publishing>, reservations: Reservations): void {
  for (const attachment of attachments) {
    try {
      holdPorts(attachment, reservations);
    } catch {}
  }
}
