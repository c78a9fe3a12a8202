import type {EndpointCreate} from '../api/engine-types.ts';

export interface NetworkOptions {
  readonly network?: readonly string[];
  readonly ip?: string;
  readonly ip6?: string;
  readonly macAddress?: string;
  readonly networkAlias?: readonly string[];
}

export interface NamedEndpoint {
  readonly name: string;
  readonly endpoint: EndpointCreate;
}

/** `--network` once or often, each a name or `name=blue,alias=db,ip=10.0.0.5`; `--ip` and its like are the first one's. */
export function parseNetworks(options: NetworkOptions): readonly NamedEndpoint[] {
  const networks = (options.network ?? ['bridge']).map(parseNetwork);
  const names = networks.map(({name}) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new SyntaxError(`network "${twice}" is specified multiple times`);
  const [first, ...rest] = networks as [NamedEndpoint, ...NamedEndpoint[]];
  const {ip, ip6, macAddress, networkAlias} = options;
  return [
    {name: first.name, endpoint: merge(first.endpoint, endpointOf({ip, ip6, macAddress, networkAlias}))},
    ...rest,
  ];
}

/** Settings of one endpoint as options name them; also those of `tnet network connect`. */
export function endpointOf(given: {
  readonly ip?: string | undefined;
  readonly ip6?: string | undefined;
  readonly macAddress?: string | undefined;
  readonly networkAlias?: readonly string[] | undefined;
  readonly gwPriority?: number | undefined;
  readonly driverOpt?: Readonly<Record<string, string>> | undefined;
}): EndpointCreate {
  const {ip, ip6, macAddress, networkAlias, gwPriority, driverOpt} = given;
  return {
    ...(ip || ip6 ? {IPAMConfig: {...(ip ? {IPv4Address: ip} : {}), ...(ip6 ? {IPv6Address: ip6} : {})}} : {}),
    ...(macAddress ? {MacAddress: macAddress} : {}),
    ...(networkAlias?.length ? {Aliases: networkAlias} : {}),
    ...(gwPriority ? {GwPriority: gwPriority} : {}),
    ...(driverOpt && Object.keys(driverOpt).length > 0 ? {DriverOpts: driverOpt} : {}),
  };
}

function merge(a: EndpointCreate, b: EndpointCreate): EndpointCreate {
  return {...a, ...b, ...(a.IPAMConfig || b.IPAMConfig ? {IPAMConfig: {...a.IPAMConfig, ...b.IPAMConfig}} : {})};
}

/** Docker's CSV form; without a `=` it is the name. */
function parseNetwork(text: string): NamedEndpoint {
  if (!text.includes('=')) return {name: text, endpoint: {}};
  const fields = text.split(',').map(part => {
    const at = part.indexOf('=');
    if (at < 1) throw new SyntaxError(`invalid field "${part}" of --network "${text}": want key=value`);
    return [part.slice(0, at), part.slice(at + 1)] as const;
  });
  const unknown = fields.find(
    ([key]) => !['name', 'alias', 'ip', 'ip6', 'mac-address', 'driver-opt', 'gw-priority'].includes(key),
  );
  if (unknown) throw new SyntaxError(`invalid field "${unknown[0]}" of --network "${text}"`);
  const all = (key: string): readonly string[] => fields.filter(([name]) => name === key).map(([, value]) => value);
  const name = all('name')[0];
  if (!name) throw new SyntaxError(`--network "${text}": name is missing`);
  const priority = Number(all('gw-priority')[0] ?? 0);
  if (!Number.isInteger(priority)) throw new SyntaxError(`--network "${text}": gw-priority is no integer`);
  return {
    name,
    endpoint: endpointOf({
      ip: all('ip')[0],
      ip6: all('ip6')[0],
      macAddress: all('mac-address')[0],
      networkAlias: all('alias'),
      gwPriority: priority,
      driverOpt: Object.fromEntries(
        all('driver-opt').map(opt => [opt.split('=')[0]!, opt.slice(opt.indexOf('=') + 1)]),
      ),
    }),
  };
}
