import type {AttachmentCounters, PortCounters, AttachmentStats as WireAttachmentStats} from '../api/stats-types.ts';
import type {AttachmentStats, PortStats} from '../network/stats.ts';

/** For inspect too: what an endpoint has carried. */
export function encodeCounters({received, sent, errors, dropped, ports}: AttachmentStats): AttachmentCounters {
  return {
    RxBytes: received.bytes,
    RxPackets: received.packets,
    TxBytes: sent.bytes,
    TxPackets: sent.packets,
    Errors: errors,
    Drops: dropped,
    Ports: ports.map(encodePort),
  };
}

export function encodeStats(
  stats: AttachmentStats,
  {name, network}: {readonly name: string; readonly network: string},
): WireAttachmentStats {
  const {id, owner, ifname, hostIfname} = stats.attachment;
  return {
    Name: name,
    Owner: owner,
    Network: network,
    EndpointID: id,
    Interface: ifname,
    HostInterface: hostIfname,
    ...encodeCounters(stats),
  };
}

function encodePort({mapping, connections, received, sent}: PortStats): PortCounters {
  return {
    Proto: mapping.proto,
    HostIp: mapping.hostIp ?? '',
    HostPort: mapping.hostPort,
    ContainerPort: mapping.containerPort,
    Count: mapping.count,
    Connections: connections,
    RxBytes: received.bytes,
    RxPackets: received.packets,
    TxBytes: sent.bytes,
    TxPackets: sent.packets,
  };
}
