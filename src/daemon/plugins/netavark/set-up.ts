import type {Attachment} from '../../../model/attachment.ts';
import type {Network} from '../../../model/network.ts';
import {formatPortMapping, type PortMapping} from '../../../model/port-mapping.ts';
import type {AttachSpec} from '../../../network/new-attachment.ts';
import {undoing} from '../../../network/undoing.ts';
import {loopbackUp, sandboxAt} from '../foreign-sandbox.ts';
import {ensureInline, findInline, isCode, removeUnused} from '../inline-network.ts';
import {decodeAttachment, decodePorts} from './decode-attachment.ts';
import {type DefaultLink, decodeNetwork} from './decode-network.ts';
import type {Joining} from './input.ts';
import type {NetavarkParts} from './parts.ts';
import {type StatusBlock, statusBlock} from './status-block.ts';

/** Joins a container to its networks, all or none; what it has already, it keeps. By network, what podman remembers. */
export async function setUp(
  parts: NetavarkParts,
  joining: Joining,
  netns: string,
): Promise<Readonly<Record<string, StatusBlock>>> {
  const sandbox = sandboxAt(netns, parts.netns);
  const wishes = joining.networks.map(each => decodeWish(joining, {...each, sandbox, defaultLink: parts.defaultLink}));
  const ports = decodePorts(joining.ports);
  const made: Attachment[] = [];
  return undoing(
    async () => {
      await parts.controller.adjust(loopbackUp(sandbox));
      const blocks: Record<string, StatusBlock> = {};
      for (const wish of wishes) {
        const attachment = await join(parts, wish, {ports, made});
        blocks[wish.info.name] = statusBlock(wish.info, attachment, joining.dnsServers);
      }
      await parts.names.serve(sandbox);
      return blocks;
    },
    () => leave(parts, made),
  );
}

/** What is gone already is no failure, nor is a namespace that is. */
export async function tearDown(parts: NetavarkParts, {containerId, networks}: Joining): Promise<void> {
  const held = networks.flatMap(({info, options}) => {
    const network = findInline(parts.controller, {plugin: 'podman', name: info.name});
    return network === undefined
      ? []
      : attachmentsOf(parts, network, {owner: containerId, ifname: options.interface_name});
  });
  await leave(parts, held);
}

interface Wish {
  readonly info: Joining['networks'][number]['info'];
  readonly network: ReturnType<typeof decodeNetwork>;
  readonly spec: Omit<AttachSpec, 'network'>;
}

function decodeWish(
  joining: Joining,
  {sandbox, defaultLink, ...named}: Joining['networks'][number] & {sandbox: string; defaultLink: DefaultLink},
): Wish {
  return {
    info: named.info,
    network: decodeNetwork(named.info, defaultLink),
    spec: {...decodeAttachment(joining, named), sandbox},
  };
}

interface Progress {
  readonly ports: readonly PortMapping[];
  /** To be taken back when a later one fails. */
  readonly made: Attachment[];
}

async function join(parts: NetavarkParts, wish: Wish, {ports, made}: Progress): Promise<Attachment> {
  const network = await ensureInline(parts.controller, wish.network);
  const known = await stillRight(parts, network, wish.spec);
  if (known !== undefined) return known;
  const open = wish.network.driver === 'bridge' && !wish.network.internal;
  const spec = {...wish.spec, network: network.id, ports: open ? withoutHeld(parts, wish.spec, ports) : []};
  try {
    const attachment = await parts.controller.attach(spec);
    made.push(attachment);
    return attachment;
  } catch (error) {
    // Its last other container left just now, and took the network with it.
    if (isCode(error, 'ERR_NETWORK_NOT_FOUND')) return join(parts, wish, {ports, made});
    await removeUnused(parts.controller, network);
    throw error;
  }
}

/** The same attachment from a call before. Another one under that name is what a crash has left. */
async function stillRight(parts: NetavarkParts, network: Network, spec: Wish['spec']): Promise<Attachment | undefined> {
  const [known] = attachmentsOf(parts, network, spec);
  if (known === undefined) return undefined;
  const isSame = known.sandbox === spec.sandbox && JSON.stringify(known.leases) === JSON.stringify(spec.leases);
  if (isSame && (await isWhole(parts, known))) return known;
  await parts.controller.detach(known.id);
  return undefined;
}

async function isWhole({controller}: NetavarkParts, {id}: Attachment): Promise<boolean> {
  try {
    await controller.check(id);
    return true;
  } catch (error) {
    if (isCode(error, 'ERR_ATTACHMENT_BROKEN')) return false;
    throw error;
  }
}

function attachmentsOf(
  {controller}: NetavarkParts,
  {id}: Network,
  {owner, ifname}: {readonly owner: string; readonly ifname: string | null},
): readonly Attachment[] {
  return controller.attachmentsOf({network: id, owner}).filter(each => each.ifname === ifname);
}

/** podman sends a container's ports with every network; they lead to its gateway, whichever holds them. */
function withoutHeld(
  {controller}: NetavarkParts,
  {owner, sandbox}: Wish['spec'],
  ports: readonly PortMapping[],
): readonly PortMapping[] {
  const siblings = controller.attachmentsOf({owner}).filter(each => each.sandbox === sandbox);
  const held = new Set(siblings.flatMap(each => each.ports.map(formatPortMapping)));
  return ports.filter(port => !held.has(formatPortMapping(port)));
}

/** All at once, and then the networks that nobody is on; the rest is done when something fails. */
async function leave({controller, names}: NetavarkParts, attachments: readonly Attachment[]): Promise<void> {
  const networks = new Set(attachments.map(({network}) => network));
  const failures: unknown[] = [];
  const attempt = (job: Promise<void>): Promise<void> => job.catch(error => void failures.push(error));
  await attempt(controller.detach(...attachments.map(({id}) => id)));
  for (const sandbox of new Set(attachments.map(each => each.sandbox))) await attempt(names.serve(sandbox));
  for (const network of controller.list())
    if (networks.has(network.id)) await attempt(removeUnused(controller, network));
  if (failures.length > 0) throw failures[0];
}
