import {TnetError} from '../../errors.ts';
import type {Item} from '../../kernel/item.ts';
import type {Attachment} from '../../model/attachment.ts';
import {type Prefix, prefixLengthOf} from '../../model/ip.ts';
import {macFromIp} from '../../model/mac.ts';
import type {Network, Subnet} from '../../model/network.ts';
import {type Driver, linkGroup} from './driver.ts';
import {driverMtu, mtuOf} from './options.ts';

/** IFNAMSIZ is 16 with the closing NUL; '/' and white space are refused by dev_valid_name(). */
const linkName = /^[^/:\s]{1,15}$/;

const enableIcc = 'com.docker.network.bridge.enable_icc';
const flags: readonly string[] = [enableIcc, 'com.docker.network.bridge.enable_ip_masquerade'];
const names: readonly string[] = ['com.docker.network.bridge.name', 'com.docker.network.bridge.default_bridge'];

/** One Linux bridge a network, one veth pair an attachment: what Docker, netavark and CNI's `bridge` build. */
export const bridgeDriver: Driver = {validate, planNetwork, planAttachment};

function validate(network: Network): void {
  if (!linkName.test(network.device) || network.device === '.' || network.device === '..') {
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `invalid bridge name "${network.device}": want 1 to 15 characters without "/", ":" or spaces`,
    );
  }
  for (const [option, value] of Object.entries(network.options)) checkOption(option, value);
  mtuOf(network);
}

/** An option of Docker's that would change what the network does is obeyed or refused, never ignored; foreign ones are kept. */
function checkOption(option: string, value: string): void {
  if (flags.includes(option)) {
    if (value === 'true' || value === 'false') return;
    throw new TnetError('ERR_BAD_REQUEST', `invalid value "${value}" of option "${option}": want true or false`);
  }
  if (!option.startsWith('com.docker.network.') || option === driverMtu || names.includes(option)) return;
  throw new TnetError('ERR_BAD_REQUEST', `option "${option}" is not supported by the bridge driver`);
}

function planNetwork(network: Network): readonly Item[] {
  const device = network.device;
  const subnet = onlySubnet(network);
  return [
    {
      ns: '',
      kind: 'link',
      name: device,
      type: 'bridge',
      up: true,
      group: linkGroup(network),
      mtu: mtuOf(network),
      // A bridge takes the lowest MAC of its ports, and changes it with them, unless one was set.
      mac: macFromIp(subnet.gateway),
      altname: `tnet-${network.id.slice(0, 12)}`,
      master: null,
      hairpin: false,
      isolated: false,
      peer: null,
    },
    // Reply packets of localhost connections are for 127.0.0.1 again when they are routed: see docs/network.md.
    {ns: '', kind: 'sysctl', path: `net/ipv4/conf/${device}/route_localnet`, value: '1'},
    {ns: '', kind: 'sysctl', path: `net/ipv4/conf/${device}/forwarding`, value: network.internal ? '0' : '1'},
    {ns: '', kind: 'address', link: device, address: subnet.gateway, prefixLength: prefixLengthOf(subnet.prefix)},
  ];
}

function planAttachment(network: Network, attachment: Attachment): readonly Item[] {
  const {sandbox, ifname, hostIfname, mac, leases, ports} = attachment;
  const {gateway} = onlySubnet(network);
  const mtu = mtuOf(network);
  return [
    {
      ns: '',
      kind: 'link',
      name: hostIfname,
      type: 'veth',
      up: true,
      group: linkGroup(network),
      mtu,
      mac: null,
      altname: `tnet-${attachment.id.slice(0, 12)}`,
      master: network.device,
      // With br_netfilter a DNATed frame to its own sender is bridged, not routed: out of the port it came by.
      hairpin: ports.length > 0,
      // Between ports of a bridge the firewall sees frames only with br_netfilter; the bridge itself parts them always.
      isolated: network.options[enableIcc] === 'false',
      peer: {ns: sandbox, name: ifname, mac, mtu},
    },
    ...leases.map((lease): Item => ({ns: sandbox, kind: 'address', link: ifname, ...lease})),
    ...(network.internal
      ? []
      : [{ns: sandbox, kind: 'route', to: '0.0.0.0/0' as Prefix, via: gateway, link: ifname} as const]),
  ];
}

function onlySubnet(network: Network): Subnet {
  const subnet = network.subnets[0];
  if (subnet === undefined) throw new TnetError('ERR_BAD_REQUEST', `network "${network.name}" has no subnet`);
  return subnet;
}
