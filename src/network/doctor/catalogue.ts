/** `error`: something does not work. `warning`: something will not, or not for long. `note`: good to know. */
export type Severity = 'error' | 'warning' | 'note';

export interface FindingKind {
  readonly severity: Severity;
  /** What it means for containers. */
  readonly why: string;
  /** What to do; `doctor --fix` does it where `mends` is set. */
  readonly fix: string;
  readonly mends?: true;
}

const mend = {fix: 'tnet doctor --fix', mends: true} as const;

/** Everything the doctor can find. docs/doctor.md is checked against it. */
export const catalogue = {
  'link-missing': {
    severity: 'error',
    why: 'Without it no packet reaches or leaves what is attached by it.',
    ...mend,
  },
  'link-changed': {
    severity: 'error',
    why: 'Somebody has changed a device of ours: frames may be lost, or isolation is off.',
    ...mend,
  },
  'link-leftover': {
    severity: 'warning',
    why: 'It carries our mark and belongs to nothing any more: it takes a port of the bridge, and may answer for an address.',
    ...mend,
  },
  'link-foreign': {
    severity: 'error',
    why: 'Another program has made a device under our name. We neither change nor remove it, so this network does not work.',
    fix: 'Remove that device (ip link del NAME) and run tnet doctor --fix, or make the network again with -o com.docker.network.bridge.name=OTHER.',
  },
  'address-missing': {
    severity: 'error',
    why: 'Containers cannot reach their gateway, and the host cannot reach them.',
    ...mend,
  },
  'route-missing': {
    severity: 'error',
    why: 'Packets of containers find no way, or published ports do not answer on the loopback address.',
    ...mend,
  },
  'setting-changed': {
    severity: 'error',
    why: 'A setting of a device is not what our networks need.',
    ...mend,
  },
  'forwarding-off': {
    severity: 'error',
    why: 'The kernel drops packets that come in by this device instead of passing them on to containers.',
    ...mend,
  },
  'firewall-missing': {
    severity: 'error',
    why: 'Nothing is published, nothing masqueraded, and networks are not parted from each other.',
    ...mend,
  },
  'firewall-foreign': {
    severity: 'error',
    why: 'The table "tnet" is of another version, or somebody has changed it.',
    ...mend,
  },
  'firewall-incomplete': {
    severity: 'error',
    why: 'Published ports or the isolation of networks are not as they should be.',
    ...mend,
  },
  'sandbox-missing': {
    severity: 'error',
    why: 'The network namespace of something attached is gone from its path; nothing can be attached to it or repaired in it.',
    fix: 'Start the container again: tnet stop NAME && tnet start NAME.',
  },
  'sandbox-leftover': {
    severity: 'warning',
    why: 'A network namespace of ours that belongs to no container: it takes memory.',
    ...mend,
  },
  'cgroup-leftover': {
    severity: 'warning',
    why: 'A control group of ours that belongs to no container; processes in it have no owner.',
    ...mend,
  },
  'forward-drop': {
    severity: 'error',
    why: 'A packet must pass every table: what another one drops, our accept does not bring back. Containers reach neither each other across networks nor the world, and published ports do not answer from outside.',
    fix: 'Let packets of our device pass in that table.',
  },
  'legacy-iptables': {
    severity: 'note',
    why: 'Rules of the old iptables cannot be read over netlink. Should its FORWARD chain drop, containers have no way out.',
    fix: 'Look: iptables-legacy -S FORWARD.',
  },
  'br-netfilter': {
    severity: 'note',
    why: "With br_netfilter, frames between ports of one bridge pass the IP firewall too: other tools' FORWARD rules hold between containers of one network, a container reaches its own published port only by hairpin (we set it), and ports published on [::1] meet the same rules.",
    fix: 'If nothing else needs it (Kubernetes does): sysctl -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0.',
  },
  'rp-filter-strict': {
    severity: 'note',
    why: 'With strict reverse path filtering the kernel drops a packet that comes in by another device than its answer would leave by: replies of containers on several networks are lost.',
    fix: 'Loosen it for this device: sysctl -w net.ipv4.conf.DEVICE.rp_filter=2.',
  },
  'conntrack-full': {
    severity: 'warning',
    why: 'When the table of connections is full, the kernel drops packets of every new one ("nf_conntrack: table full, dropping packet").',
    fix: 'Make it larger, in the initial namespace: sysctl -w net.netfilter.nf_conntrack_max=N.',
  },
  'neighbours-full': {
    severity: 'warning',
    why: 'When the table of neighbours is full, new ones cannot be resolved ("neighbour: table overflow!"): containers seem unreachable at random. It is one table for all namespaces.',
    fix: 'Raise gc_thresh3, and gc_thresh1 and 2 with it: sysctl -w net.ipvX.neigh.default.gc_thresh3=N.',
  },
  'subnet-overlap': {
    severity: 'error',
    why: 'A route that came after the network claims part of its subnet: packets for containers go there.',
    fix: 'Remove that route, or make the network again with another subnet: tnet network create --subnet.',
  },
  'subnet-shadows': {
    severity: 'note',
    why: 'The subnet lies in a larger one that a route of the host leads to (a VPN?): machines there with these addresses cannot be reached.',
    fix: 'If they are needed, make the network again with another subnet: tnet network create --subnet.',
  },
  'mtu-over-uplink': {
    severity: 'warning',
    why: 'Containers send packets that are larger than what the way out takes: they are cut or, where ICMP is filtered, silently lost. Connections open and then hang.',
    fix: 'Make the network again with -o com.docker.network.driver.mtu=N.',
  },
  'mtu-mismatch': {
    severity: 'warning',
    why: 'A bridge drops frames that are larger than the MTU of the port they leave by; nobody is told.',
    fix: 'ip link set PORT mtu N, with the MTU of the bridge.',
  },
  'bridge-full': {
    severity: 'warning',
    why: 'A Linux bridge has at most 1,023 ports: soon no container can be attached.',
    fix: 'Put further containers on another network.',
  },
  'port-not-held': {
    severity: 'warning',
    why: "The port is published, but its number is another process's: NAT comes first, so the container answers from outside, and that process does not.",
    fix: 'Find it (ss -lntup "sport = :PORT"), stop it, then tnet doctor --fix.',
    mends: true,
  },
  'port-ephemeral': {
    severity: 'note',
    why: 'The port lies where the kernel takes numbers for outgoing connections. While the daemon is down, one of them can get it.',
    fix: 'Publish a port below that range, or reserve it: sysctl -w net.ipv4.ip_local_reserved_ports=PORT.',
  },
  'disk-full': {
    severity: 'warning',
    why: "State, logs and the containers' files go there; when nothing fits any more, nothing can be started.",
    fix: 'Make room on that file system, or move the state root (--root).',
  },
  'store-read-only': {
    severity: 'error',
    why: 'No change can be written down, so every command that changes something fails.',
    fix: 'Make the state root writable (mount -o remount,rw …).',
  },
  'kernel-missing': {
    severity: 'error',
    why: 'The kernel cannot do what networks or containers need.',
    fix: "Use a kernel that has it (Debian's has).",
  },
  'cgroups-missing': {
    severity: 'warning',
    why: 'Containers run without limits, and their processes cannot be counted or killed together.',
    fix: 'Mount the control groups: mount -t cgroup2 none /sys/fs/cgroup.',
  },
  'ipv6-off': {
    severity: 'error',
    why: 'Networks with IPv6 subnets have no IPv6 on a host without it.',
    fix: 'sysctl -w net.ipv6.conf.all.disable_ipv6=0, then tnet doctor --fix; or boot without ipv6.disable=1.',
  },
  'ipv6-forwarding-all': {
    severity: 'note',
    why: 'Before Linux 6.17 IPv6 forwarding is one switch for the whole host. We had to turn it, so the host is a router for everybody who sends to it; our firewall refuses what is not ours on the devices where we changed something.',
    fix: 'Nothing, or a kernel of 6.17 and later (force_forwarding).',
  },
  'no-name-server': {
    severity: 'warning',
    why: "Containers resolve names by the servers of the host's resolv.conf.",
    fix: 'Name one in /etc/resolv.conf, or for one container: --dns.',
  },
  'name-server-unroutable': {
    severity: 'warning',
    why: 'The host has no route to this server: names cannot be resolved by it, in containers neither.',
    fix: 'Correct /etc/resolv.conf, or the routes of the host.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;

export type FindingId = keyof typeof catalogue;
