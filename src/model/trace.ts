import {type Ip, parseIp} from './ip.ts';

/** `icmp` is an echo request, of either family. */
export type TraceProto = 'tcp' | 'udp' | 'icmp';

/** The words of `tnet trace FROM TO`. */
export interface TraceTarget {
  /** A container's name, `host`, `localhost`, or an address. */
  readonly host: string;
  readonly port: number | null;
  readonly proto: TraceProto;
}

/**
 * Parses `web`, `web:80`, `10.0.0.2:53/udp`, `[fd00::2]:80`, `fd00::2`. With a port tcp, without one an echo request.
 * Throws SyntaxError naming the text.
 */
export function parseTraceTarget(text: string): TraceTarget {
  const [address = '', protoText] = splitOnce(text, '/');
  const {host, portText} = splitPort(address);
  const port = portText === null ? null : parsePort(portText, text);
  if (host === '' || /[[\]]/.test(host))
    throw new SyntaxError(`invalid target "${text}": want NAME|ADDRESS[:PORT[/tcp|udp]]`);
  if (protoText === undefined) return {host, port, proto: port === null ? 'icmp' : 'tcp'};
  if (protoText === 'icmp' && port === null) return {host, port, proto: 'icmp'};
  if (protoText !== 'tcp' && protoText !== 'udp')
    throw new SyntaxError(`invalid target "${text}": want /tcp or /udp after a port, or neither`);
  if (port === null)
    throw new SyntaxError(`invalid target "${text}": ${protoText} needs a port, as in ${host}:80/${protoText}`);
  return {host, port, proto: protoText};
}

/** Null when `text` is no address. */
export function ipOrNull(text: string): Ip | null {
  try {
    return parseIp(text);
  } catch {
    return null;
  }
}

function splitPort(text: string): {host: string; portText: string | null} {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed) return {host: bracketed[1]!, portText: bracketed[2] ?? null};
  if (text.split(':').length > 2) return {host: text, portText: null}; // IPv6 without brackets has no port
  const [host = '', portText] = splitOnce(text, ':');
  return {host, portText: portText ?? null};
}

function parsePort(text: string, whole: string): number {
  const port = Number(/^\d{1,5}$/.test(text) ? text : Number.NaN);
  if (!(port >= 1 && port <= 65535)) throw new SyntaxError(`invalid target "${whole}": port "${text}" is not 1-65535`);
  return port;
}

function splitOnce(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** `rejected`: by a rule that says so to the sender; `refused`: nobody listens. */
export type TraceOutcome = 'delivered' | 'refused' | 'rejected' | 'dropped' | 'unreachable' | 'unanswered';

/** What one packet met, as told to people and programs. */
export interface TraceReport {
  readonly outcome: TraceOutcome;
  /** One line. */
  readonly summary: string;
  readonly because: string | null;
  /** What to do about it. */
  readonly fix: string | null;
  readonly packet: {
    readonly proto: TraceProto;
    readonly source: Ip | null;
    /** Source port, or the identifier of the echo. */
    readonly sourcePort: number;
    readonly destination: Ip;
    readonly destinationPort: number | null;
  };
  readonly hops: readonly TraceHop[];
  /** What could not be seen, and why. */
  readonly notes: readonly string[];
}

export type TraceHop = TraceHopWhere & TraceHopWhat;

interface TraceHopWhere {
  /** A container's name, `host`, or `outside`. */
  readonly where: string;
  /** Milliseconds after the packet first met a device, where the kernel's clock was read. */
  readonly atMs: number | null;
  /** For people. */
  readonly text: string;
}

export type TraceHopWhat =
  | {readonly what: 'send'}
  /** From one end of a veth pair to the other, or from a device to one below or above it. */
  | {readonly what: 'link'; readonly from: string; readonly to: string}
  /** From port to port, by MAC address. */
  | {readonly what: 'bridge'; readonly bridge: string; readonly from: string; readonly to: string}
  | {
      readonly what: 'nft';
      readonly family: string;
      readonly table: string;
      readonly chain: string;
      readonly hook: string | null;
      readonly verdict: string;
      readonly rules: readonly TraceRule[];
    }
  | {
      readonly what: 'route';
      readonly to: Ip;
      readonly prefix: string | null;
      readonly via: Ip | null;
      readonly device: string | null;
      readonly error: string | null;
    }
  | {readonly what: 'nat'; readonly end: 'source' | 'destination'; readonly before: string; readonly after: string}
  | {readonly what: 'socket'; readonly address: Ip; readonly port: number; readonly owners: readonly TraceProcess[]}
  /** `reason`: include/net/dropreason-core.h without SKB_DROP_REASON_; `location`: the kernel's function. */
  | {readonly what: 'drop'; readonly reason: string; readonly location: string}
  | {readonly what: 'answer'; readonly answer: string; readonly from: Ip | null; readonly afterMs: number | null};

export interface TraceRule {
  readonly chain: string;
  readonly handle: number;
  /** In the words of nft(8); null when it was gone before it could be read. */
  readonly text: string | null;
  readonly comment: string | null;
  readonly verdict: string;
}

export interface TraceProcess {
  readonly pid: number;
  readonly command: string;
}

/** Body of POST /tnet/trace. */
export interface TraceRequest {
  readonly from: string;
  readonly to: string;
  /** Wait for the next such packet of real traffic instead of sending one. */
  readonly follow: boolean;
  readonly timeoutMs: number;
  /** Of two families of a container, this one. */
  readonly family: 4 | 6 | null;
}

/** Its answer; the status has gone out before it is known whether it succeeds. */
export type TraceAnswer =
  | {readonly report: TraceReport}
  | {readonly error: {readonly message: string; readonly code: string}};
