/** What the kernel's drop reasons mean, and what to do. include/net/dropreason-core.h; seen on 6.18, by real packets where a test says so. */
export interface DropReason {
  /** Continues "dropped: ". */
  readonly because: string;
  readonly fix: string | null;
}

/** What a sentence may need of the place where it happened. */
export interface DropScene {
  readonly where: string;
  /** Link that the packet came in by; '' when it came from here. */
  readonly link: string;
  readonly source: string;
  readonly destination: string;
  readonly port: string;
  readonly location: string;
}

export function explainDrop(reason: string, scene: DropScene): DropReason {
  const explain = Object.hasOwn(reasons, reason) ? reasons[reason] : undefined;
  if (explain !== undefined) return explain(scene);
  const place = functionOf(scene.location);
  if (/^(__)?br_/.test(place)) return explainIsolation(scene.where);
  return {because: `the kernel dropped it in ${place || 'an unknown function'} (${reason})`, fix: null};
}

/** `nf_hook_slow` of `nf_hook_slow+0xe8/0x100`; '' of a bare address, as kernels before 6.3 give. */
export function functionOf(location: string): string {
  return location.replace(/[+.].*$/, '').replace(/^(0x)?[0-9a-f]{16}$/, '');
}

export function explainIsolation(where: string): DropReason {
  return {
    because: `the bridge on ${where} passes no frames between these two ports: both are isolated`,
    fix: 'a network with enable_icc=false parts its containers: use another network, or a published port',
  };
}

const overflow = (what: string): DropReason => ({
  because: `${what} is full: the receiver does not keep up`,
  fix: 'look at the receiving process; ss -lnt shows its queue',
});

const reasons: Readonly<Record<string, (scene: DropScene) => DropReason>> = {
  NETFILTER_DROP: ({where}) => ({
    because: `a netfilter rule on ${where} dropped it, and it is none of nf_tables (iptables-legacy, or an eBPF program)`,
    fix: 'iptables-legacy-save shows rules of the old kind',
  }),
  IP_RPFILTER: ({where, link, source}) => ({
    because: `reverse path filter: ${where} does not reach ${source} by ${link}, so it takes the source for forged`,
    fix: `give ${where} a route to ${source} by ${link}, or relax it: sysctl net.ipv4.conf.${link}.rp_filter=2`,
  }),
  NO_SOCKET: ({where, port}) => ({
    because: port === '' ? `nothing on ${where} takes this protocol` : `nothing listens on ${port} in ${where}`,
    fix: port === '' ? null : 'start the server, on 0.0.0.0 and not on 127.0.0.1',
  }),
  IP_INNOROUTES: ({where, destination}) => ({
    because: `${where} has no route to ${destination}`,
    fix: 'ip route get shows what the kernel would do; add a route',
  }),
  IP_OUTNOROUTES: ({where, destination}) => ({because: `${where} has no route to ${destination}`, fix: 'add a route'}),
  IP_INADDRERRORS: ({where, link}) => ({
    because: `${where} does not forward what comes in by ${link || 'this link'}: forwarding is off there`,
    fix: `sysctl net.ipv4.conf.${link || 'all'}.forwarding=1`,
  }),
  IPV6DISABLED: ({where, link}) => ({because: `IPv6 is off on ${link || 'a link'} of ${where}`, fix: null}),
  IP_LOCAL_SOURCE: ({where, source}) => ({
    because: `${source} is an address of ${where} itself, and the packet came from outside`,
    fix: 'two machines have one address, or a packet came back that should not',
  }),
  IP_INVALID_SOURCE: ({source}) => ({because: `${source} can be no source address (martian)`, fix: null}),
  IP_LOCALNET: ({where, link}) => ({
    because: `127/8 is not allowed on ${link || 'this link'} of ${where}`,
    fix: `it never leaves a host, unless route_localnet says so`,
  }),
  OTHERHOST: ({where}) => ({
    because: `the frame is for another MAC address than that of ${where}`,
    fix: 'a stale ARP entry: ip neigh flush on the sender',
  }),
  NEIGH_QUEUEFULL: ({destination}) => ({
    because: `too many packets wait for the MAC address of ${destination}`,
    fix: null,
  }),
  PKT_TOO_BIG: ({where}) => ({because: `it is larger than the next link's MTU on ${where}`, fix: 'ip link shows MTUs'}),
  QDISC_DROP: ({where}) => ({because: `a queueing discipline on ${where} dropped it`, fix: 'tc -s qdisc shows which'}),
  TC_INGRESS: ({where}) => ({because: `a tc filter on ${where} dropped it`, fix: 'tc filter show ingress'}),
  TC_EGRESS: ({where}) => ({because: `a tc filter on ${where} dropped it`, fix: 'tc filter show egress'}),
  XDP: ({where}) => ({because: `an XDP program on ${where} dropped it`, fix: 'bpftool net shows which'}),
  BPF_CGROUP_EGRESS: () => ({because: "a cgroup's eBPF program dropped it", fix: 'bpftool cgroup tree shows which'}),
  SOCKET_FILTER: ({where, port}) => ({
    because: `the socket on ${port} of ${where} has a filter that drops it`,
    fix: 'tnet holds published ports by such sockets: the packet was not translated before; is the table inet tnet there?',
  }),
  SOCKET_RCVBUFF: () => overflow('the receive buffer of the socket'),
  TCP_LISTEN_OVERFLOW: () => overflow('the queue of new connections'),
  DEV_READY: ({where}) => ({because: `the link is down on ${where}`, fix: 'ip link set … up'}),
  BRIDGE_INGRESS_STP_STATE: ({where}) => ({
    because: `the bridge port on ${where} does not forward yet (STP)`,
    fix: null,
  }),
};
