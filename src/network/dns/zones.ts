import type {Attachment} from '../../model/attachment.ts';
import type {Network} from '../../model/network.ts';
import type {Store} from '../../store/store.ts';
import {attachmentsIn, electable} from '../gateway.ts';
import type {Zone, ZoneNetwork} from './zone.ts';

/** What each sandbox may know. Answers are kept until a network or an attachment changes, because every query asks. */
export function createZones({state, revision}: Pick<Store, 'state' | 'revision'>): (sandbox: string) => Zone {
  let made = -1;
  const zones = new Map<string, Zone>();
  const networks = new Map<string, ZoneNetwork>();
  const networkOf = (network: Network): ZoneNetwork => {
    const known = networks.get(network.id) ?? planZoneNetwork(network, state.attachments.values());
    networks.set(network.id, known);
    return known;
  };
  return sandbox => {
    if (made !== revision()) {
      zones.clear();
      networks.clear();
      made = revision();
    }
    const known = zones.get(sandbox) ?? planZone(attachmentsIn(state, sandbox), state.networks, networkOf);
    zones.set(sandbox, known);
    return known;
  };
}

/** Names are looked up on the networks of the user's alone, but those of `bridge` lead out too. */
function planZone(
  attachments: readonly Attachment[],
  networks: ReadonlyMap<string, Network>,
  networkOf: (network: Network) => ZoneNetwork,
): Zone {
  // Those of other runtimes that take no part in the choice of a gateway have their names all the same.
  const apart = attachments.filter(({gatewayPriority}) => gatewayPriority === null);
  const all = [...electable(attachments, networks), ...apart].flatMap(({network}) => networks.get(network) ?? []);
  return {
    networks: all.filter(({name}) => name !== 'bridge').map(networkOf),
    forwards: all.some(({internal}) => !internal),
  };
}

/** Option of a network whose names end with another domain than its name: `dns.podman`. */
export const domainOption = 'tnet.dns.domain';

function planZoneNetwork({id, name, options}: Network, attachments: Iterable<Attachment>): ZoneNetwork {
  const hosts = [...attachments].filter(({network}) => network === id);
  const domain = options[domainOption];
  return {
    ...(domain === undefined ? {name} : {name: domain, closed: true}),
    hosts: hosts.map(({names, leases}) => ({names, addresses: leases.map(({address}) => address)})),
  };
}
