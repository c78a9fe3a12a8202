import type {Ip} from '../../model/ip.ts';
import type {TraceProto} from '../../model/trace.ts';
import type {Check} from '../check/check.ts';

/** A packet that shows why a check fails. */
export interface WhyProbe {
  readonly from: string;
  readonly to: Ip;
  readonly proto: TraceProto;
  /** Null for icmp. */
  readonly port: number | null;
}

/** Null for checks that send nothing, or want that nothing arrives. */
export function probeOf(check: Check): WhyProbe | null {
  if (check.not) return null;
  switch (check.type) {
    case 'reachable':
      return toProbe(check);
    case 'pcap':
    case 'counter':
      return check.max === 0 ? null : toProbe(check.during);
    case 'http':
      return {from: check.from, to: check.to, proto: 'tcp', port: check.port};
    case 'dns':
      return {from: check.from, to: check.server, proto: check.over, port: 53};
    default:
      return null;
  }
}

function toProbe({
  from,
  to,
  proto,
  port,
}: {
  from: string;
  to: Ip;
  proto: TraceProto;
  port?: number | undefined;
}): WhyProbe {
  return {from, to, proto, port: proto === 'icmp' ? null : (port ?? 7)};
}
