import {answers} from '../../api/answers.ts';
import {type Client, createClient} from '../../api/client.ts';
import type {ContainerInspect, NetworkResource} from '../../api/engine-types.ts';
import {netnsIdentity} from '../../api/netns.ts';
import type {ContainerView, DaemonView, NetworkView} from '../check/eyes.ts';
import type {LabRecord} from '../labs.ts';
import {namespaceOf} from '../place.ts';
import {hostNode} from '../topology/topology.ts';

/** What the daemon in a lab manages; nothing where none runs: looking starts none. */
export async function readDaemon({pid}: Pick<LabRecord, 'pid'>): Promise<DaemonView> {
  const socketPath = `/proc/${pid}/root/run/tnet/tnet.sock`;
  if (!(await answers(socketPath))) return {containers: new Map(), networks: new Map()};
  const client = createClient(socketPath, netnsIdentity(namespaceOf(pid, hostNode))); // it answers only those who stand beside it
  const networks = await client.call<readonly NetworkResource[]>('GET', '/networks');
  return {
    containers: await readContainers(client),
    networks: new Map(networks.map(each => [each.Name, networkOf(each)])),
  };
}

/** One that is removed between the two questions is not there. */
async function readContainers(client: Client): Promise<ReadonlyMap<string, ContainerView>> {
  const all = await client.call<readonly {readonly Id: string}[]>('GET', '/containers/json', {query: {all: true}});
  const found = await Promise.all(
    all.map(({Id}) => client.call<ContainerInspect>('GET', `/containers/${Id}/json`).catch(() => null)),
  );
  const views = found.flatMap(each => (each === null ? [] : containerOf(each)));
  return new Map(views.map(view => [view.name, view]));
}

function containerOf({Name, State, NetworkSettings}: ContainerInspect): ContainerView {
  const networks = Object.entries(NetworkSettings.Networks).map(([name, {IPAddress}]) => [name, IPAddress] as const);
  const hostPorts = Object.values(NetworkSettings.Ports).flatMap(bindings => bindings ?? []);
  return {
    name: Name.replace(/^\//, ''),
    running: State.Running,
    pid: State.Pid,
    networks: new Map(networks),
    published: [...new Set(hostPorts.map(({HostPort}) => Number(HostPort)))],
  };
}

function networkOf({Name, Driver, Internal, IPAM}: NetworkResource): NetworkView {
  return {name: Name, driver: Driver, internal: Internal, subnets: IPAM.Config.map(({Subnet}) => Subnet)};
}
