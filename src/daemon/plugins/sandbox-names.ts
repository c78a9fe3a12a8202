import type {Attachment} from '../../model/attachment.ts';
import {type Ip, parseIp} from '../../model/ip.ts';
import {isForeign} from '../../model/sandbox.ts';
import type {Controller} from '../../network/controller.ts';
import type {DnsServers} from '../../network/dns/server.ts';
import {maxUpstreams, type Upstream} from '../../network/dns/upstream.ts';

/** Options of networks and attachments whose sandboxes ask us for names: servers are separated by commas. */
export const namesOption = 'tnet.dns.serve';
export const serversOption = 'tnet.dns.servers';

/** Our DNS server in sandboxes of other runtimes, 127.0.0.11:53 there. */
export interface SandboxNames {
  /** Serves a sandbox as its attachments say; the last of those gone, it lets go. */
  serve(sandbox: string): Promise<void>;
  /** All that a daemon before us served. What cannot be is logged. */
  resume(): Promise<void>;
}

export interface SandboxNamesParts {
  readonly dns: DnsServers;
  readonly controller: Pick<Controller, 'attachmentsOf' | 'get'>;
  readonly hostServers: () => Promise<readonly Ip[]>;
  readonly log: (message: string, error: unknown) => void;
}

export function createSandboxNames({dns, controller, hostServers, log}: SandboxNamesParts): SandboxNames {
  const foreign = (): readonly Attachment[] => controller.attachmentsOf({}).filter(({sandbox}) => isForeign(sandbox));
  const serve = async (sandbox: string): Promise<void> => {
    const served = foreign().filter(each => each.sandbox === sandbox && each.options[namesOption] === 'true');
    if (served.length === 0) return dns.close(sandbox);
    const given = [
      ...served.flatMap(({options}) => serversOf(options)),
      ...served.flatMap(({network}) => serversOf(controller.get(network).options)),
    ];
    await dns.open(sandbox, {upstreams: upstreamsOf(given.length > 0 ? given : await hostServers()), ndots: 0});
  };
  return {
    serve,
    async resume() {
      for (const sandbox of new Set(foreign().map(each => each.sandbox)))
        await serve(sandbox).catch(error => log(`names of sandbox "${sandbox}"`, error));
    },
  };
}

/** The container's own before those of its networks, and asked from the host, as aardvark-dns does. */
function upstreamsOf(servers: readonly Ip[]): readonly Upstream[] {
  return [...new Set(servers)].slice(0, maxUpstreams).map(ip => ({ip, from: 'host'}));
}

function serversOf(options: Readonly<Record<string, string>>): readonly Ip[] {
  return (options[serversOption] ?? '').split(',').filter(Boolean).map(parseIp);
}
