/** JSON of GET /tnet/stats, ours: Docker has no word for it. All figures are as the container sees them. */
export interface Stats {
  /** Milliseconds of a clock that only goes forward: rates are differences of two answers. */
  readonly ReadMs: number;
  readonly Attachments: readonly AttachmentStats[];
}

export interface AttachmentCounters {
  readonly RxBytes: number;
  readonly RxPackets: number;
  readonly TxBytes: number;
  readonly TxPackets: number;
  readonly Errors: number;
  /** By the link and by bandwidth limits. */
  readonly Drops: number;
  readonly Ports: readonly PortCounters[];
}

export interface AttachmentStats extends AttachmentCounters {
  readonly Name: string;
  /** Of the container, or what another runtime calls one. */
  readonly Owner: string;
  readonly Network: string;
  readonly EndpointID: string;
  readonly Interface: string;
  readonly HostInterface: string;
}

/** One published port. Bytes are those of IP packets; a connection is counted when it begins. */
export interface PortCounters {
  readonly Proto: string;
  /** '' is every address of the host. */
  readonly HostIp: string;
  readonly HostPort: number;
  readonly ContainerPort: number;
  /** Consecutive ports that are counted together. */
  readonly Count: number;
  readonly Connections: number;
  readonly RxBytes: number;
  readonly RxPackets: number;
  readonly TxBytes: number;
  readonly TxPackets: number;
}
