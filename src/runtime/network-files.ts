import {readFile, writeFile} from 'node:fs/promises';
import {type Attachment, leaseOf} from '../model/attachment.ts';
import type {Container} from '../model/container.ts';
import type {Ip} from '../model/ip.ts';
import {type Network, subnetOf} from '../model/network.ts';
import {embeddedResolvConfFile, hostnameFile, hostsFile, resolvConfFile} from './files.ts';
import type {ContainerPlaces} from './places.ts';

/** What the files say about one state of a container's networks. */
export interface FilesView {
  readonly container: Container;
  readonly attachments: readonly Attachment[];
  /** By id. */
  readonly network: (id: string) => Network;
  /** Text of the host's resolv.conf. */
  readonly hostResolvConf: string;
  /** Of the network `bridge`: what `host-gateway` means to a container without a network of its own. */
  readonly hostAddress: Ip | null;
}

/** Whether our DNS server serves it: on a network of the user's, as Docker. */
export function isServedByUs({attachments, network}: Pick<FilesView, 'attachments' | 'network'>): boolean {
  return attachments.some(attachment => network(attachment.network).name !== 'bridge');
}

export async function writeNetworkFiles(places: ContainerPlaces, view: FilesView): Promise<void> {
  await writeFile(places.hostname, hostnameFile(view.container.config.hostname));
  await writeFile(places.hosts, hostsText(view));
  await writeFile(places.resolvConf, resolvConfText(view));
}

/** After a connect or disconnect; what the container's user has changed meanwhile stays as it is. */
export async function updateNetworkFiles(places: ContainerPlaces, before: FilesView, after: FilesView): Promise<void> {
  for (const [path, text] of [
    [places.hosts, hostsText],
    [places.resolvConf, resolvConfText],
  ] as const) {
    // In place: the container has this very file mounted.
    if ((await readFile(path, 'utf8')) === text(before)) await writeFile(path, text(after));
  }
}

/** A daemon that died in the midst of a connect has attached the container and not told it: then its files are those of one network less. */
export async function completeNetworkFiles(places: ContainerPlaces, now: FilesView): Promise<void> {
  if ((await readFile(places.hosts, 'utf8')) === hostsText(now)) return;
  for (const last of now.attachments) {
    const before = {...now, attachments: now.attachments.filter(each => each !== last)};
    await updateNetworkFiles(places, before, now);
  }
}

export function resolvConfText(view: FilesView): string {
  const {container, attachments, hostResolvConf} = view;
  const settings = container.config.dns;
  if (isServedByUs(view)) return embeddedResolvConfFile(hostResolvConf, settings);
  if (container.config.network.kind === 'host') return resolvConfFile(hostResolvConf, {settings, ipv6: true});
  return resolvConfFile(hostResolvConf, {settings, ipv6: attachments.some(each => leaseOf(each, 6) !== undefined)});
}

function hostsText(view: FilesView): string {
  const {container, attachments} = view;
  const {hostname, domainname, extraHosts, network} = container.config;
  const gateway = hostGateway(view);
  return hostsFile({
    hostname,
    domainname,
    addresses: attachments.flatMap(({leases}) => leases.map(({address}) => address)),
    extraHosts: extraHosts.flatMap(({name, address}) => {
      const ip = address ?? gateway;
      return ip === null ? [] : [{name, ip}];
    }),
    ...(network.kind === 'host' ? {ipv6: true} : {}),
  });
}

function hostGateway({attachments, network, hostAddress}: FilesView): Ip | null {
  const networks = attachments.map(attachment => network(attachment.network)).filter(({internal}) => !internal);
  const [first] = networks.flatMap(each => subnetOf(each, 4)?.gateway ?? subnetOf(each, 6)?.gateway ?? []);
  return first ?? hostAddress;
}
