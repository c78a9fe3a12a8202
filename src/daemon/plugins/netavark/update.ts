import {parseIp} from '../../../model/ip.ts';
import {findInline} from '../inline-network.ts';
import {serversOption} from '../sandbox-names.ts';
import {serverOption} from './decode-network.ts';
import type {NetavarkParts} from './parts.ts';

/** Other upstream servers for all containers of a network, or with '' those of the host again. A network without containers needs nothing. */
export async function updateServers({controller, names}: NetavarkParts, name: string, text: string): Promise<void> {
  const servers = text
    .split(',')
    .map(each => each.trim())
    .filter(Boolean)
    .map(parseIp);
  const network = findInline(controller, {plugin: 'podman', name});
  if (network === undefined) return;
  const {[serversOption]: _, ...options} = network.options;
  const families = network.subnets.map(({prefix}) => prefix.includes(':'));
  await controller.alter(network.id, {
    ...network,
    name,
    plugin: 'podman',
    ipv4: families.includes(false),
    ipv6: families.includes(true),
    options: {...options, ...serverOption(servers)},
  });
  const sandboxes = controller.attachmentsOf({network: network.id}).map(({sandbox}) => sandbox);
  for (const sandbox of new Set(sandboxes)) await names.serve(sandbox);
}
