/** Why a rule of the table `inet tnet` drops, by its comment (firewall/nft.ts), and what to do instead. */
export interface RuleReason {
  readonly because: string;
  readonly fix: string | null;
}

export interface RuleScene {
  readonly from: string;
  /** Name of the container it was for; null: none of ours. */
  readonly to: string | null;
  readonly port: number | null;
  readonly proto: string;
}

export function explainRule(comment: string, scene: RuleScene): RuleReason | null {
  return Object.hasOwn(reasons, comment) ? reasons[comment]!(scene) : null;
}

/** `tnet port add web 8080:80` */
function publish({to, port, proto}: RuleScene): string {
  const own = port === null ? 'PORT' : `${port}${proto === 'udp' ? '/udp' : ''}`;
  return `tnet port add ${to ?? 'CONTAINER'} ${port === null ? 'PORT' : port < 1024 ? port + 8000 : port}:${own}`;
}

const reasons: Readonly<Record<string, (scene: RuleScene) => RuleReason>> = {
  'direct access': scene => ({
    because: `${scene.from} is not on the network of ${scene.to ?? 'that address'}: containers are reached by published ports, not by routing through the host`,
    fix: `put both on one network (run --network NAME), or publish the port and use an address of the host: ${publish(scene)}`,
  }),
  'unpublished port': scene => ({
    because: `the port is not published: networks are closed to the outside and to each other`,
    fix: `publish it: ${publish(scene)}`,
  }),
  'internal network': ({from}) => ({
    because: `the network of ${from} is internal: nothing leaves it, not even to published ports`,
    fix: 'use a network that was not created with --internal',
  }),
  'loopback on the wire': () => ({
    because: '127.0.0.0/8 came in by a wire: a port that is published on 127.0.0.1 is for this host alone',
    fix: 'publish the port on an address that the sender may use',
  }),
  'forwarding is on for our networks only': ({from}) => ({
    because: `this host is no router for ${from}: tnet switched forwarding on for its own networks, and only for them`,
    fix: 'switch it on yourself, where you want a router: sysctl net.ipv4.conf.DEVICE.forwarding=1 before tnet starts',
  }),
};
