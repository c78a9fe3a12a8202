import {TnetError} from '../errors.ts';
import {diff, itemKey, toWorld, type World} from '../kernel/diff.ts';
import type {Item, Op} from '../kernel/item.ts';
import type {Kernel} from '../kernel/kernel.ts';
import type {Attachment} from '../model/attachment.ts';
import {isBridged, isPredefined, type Network} from '../model/network.ts';
import type {PortMapping} from '../model/port-mapping.ts';
import type {Store} from '../store/store.ts';
import {isOurGroup} from './drivers/driver.ts';
import {chooseParent} from './drivers/parent.ts';
import {withoutIntact} from './intact.ts';
import {createLock} from './lock.ts';
import {type AttachSpec, planNewAttachment} from './new-attachment.ts';
import {type NetworkSpec, planNewNetwork, planPredefined} from './new-network.ts';
import {
  forwardingSysctl,
  isRealized,
  planAttachment,
  planForwarding,
  planHost,
  planNetwork,
  validateAttachment,
  validateNetwork,
} from './plan.ts';
import {flushPorts, publishPort, unpublishPort} from './publish.ts';
import type {Reservations} from './reservation.ts';
import {planSandbox} from './sandbox.ts';
import {undoing} from './undoing.ts';

/** Creates and removes networks, attaches and detaches sandboxes; does not know who calls. References are names, ids or unique id prefixes. */
export interface Controller {
  list(): readonly Network[];
  get(ref: string): Network;
  attachmentsOf(filter: {readonly network?: string; readonly owner?: string}): readonly Attachment[];
  create(spec: NetworkSpec): Promise<Network>;
  remove(ref: string): Promise<void>;
  /** A network namespace with loopback up and nothing else. */
  createSandbox(path: string): Promise<void>;
  removeSandbox(path: string): Promise<void>;
  attach(spec: AttachSpec): Promise<Attachment>;
  /** Publishes a port of what runs; returns the mapping with its host port chosen. ERR_PORT_IN_USE, ERR_ATTACHMENT_NOT_FOUND. */
  publish(attachmentId: string, mapping: PortMapping): Promise<PortMapping>;
  /** Takes it back, and its connections with it. ERR_BAD_REQUEST when it is not published. */
  unpublish(attachmentId: string, mapping: PortMapping): Promise<void>;
  /** Idempotent: an unknown id is fine. */
  detach(attachmentId: string): Promise<void>;
  /** Makes the kernel what the store says; returns what was (or would be) done. */
  repair(options?: {readonly dryRun?: boolean}): Promise<readonly Op[]>;
  /** Leaves what containers need; takes the rest of ours off the host when nothing is attached any more. */
  close(): Promise<void>;
}

export interface ControllerParts {
  readonly store: Store;
  readonly kernel: Kernel;
  readonly reservations: Reservations;
  /** 64 random hex digits. */
  readonly newId: () => string;
  readonly now: () => Date;
  /** Device of the predefined network `bridge`. */
  readonly bridge: string;
}

const additions = (items: readonly Item[]): Op[] => items.map(item => ({do: 'add', item}));
const removals = (items: readonly Item[]): Op[] => items.map((item): Op => ({do: 'del', item})).reverse();

/** Opens the networks of a daemon: makes the predefined ones, then repairs what a crash or a reboot has left. */
export async function createController(parts: ControllerParts): Promise<Controller> {
  const {store, kernel, reservations} = parts;
  const lock = createLock();
  const {state} = store;
  const seed = () => ({id: parts.newId(), created: parts.now().toISOString(), connected: kernel.connectedPrefixes()});
  store.commit({put: {networks: planPredefined(state, parts.bridge, seed)}});

  const get = (ref: string): Network => findNetwork(state.networks, ref);
  const attachmentsOf: Controller['attachmentsOf'] = ({network, owner}) =>
    [...state.attachments.values()].filter(a => (network ?? a.network) === a.network && (owner ?? a.owner) === a.owner);

  /** Adds what is missing of `items`, and nothing else. */
  const ensure = async (items: readonly Item[]): Promise<void> => {
    const want = toWorld(items);
    const actual = kernel.read(want.values());
    refuseForeignLinks(want, actual);
    const known = new Map([...actual].filter(([key]) => want.has(key)));
    await kernel.execute(diff(known, want), 'undo');
  };

  /** `items` without those on a device that another program has made under our name meanwhile: it is neither changed nor removed. */
  const readOurs = (planned: readonly Item[]): {items: readonly Item[]; actual: World} => {
    const foreign = foreignLinks(toWorld(planned), kernel.read(planned));
    const items = planned.filter(item => !isOn(item, foreign));
    return {items, actual: kernel.read(items)};
  };

  /** A device that is gone took its setting along. */
  const forgetGoneDevices = (): void => {
    const actual = kernel.read([...state.forwarding].map(forwardingSysctl));
    const gone = [...state.forwarding].filter(device => !actual.has(itemKey(forwardingSysctl(device))));
    if (gone.length > 0) store.commit({remove: {forwarding: gone}});
  };

  /** Decides where forwarding must be on because packets for our networks come in, and remembers that it was off there. */
  const noteForwarding = (): readonly string[] => {
    forgetGoneDevices();
    const off = kernel.uplinks().filter(link => !link.forwarding && !state.forwarding.has(link.name));
    if (off.length > 0) store.commit({put: {forwarding: off.map(link => link.name)}});
    return [...state.forwarding];
  };

  /** In one go, so that a failure anywhere takes back all of it. */
  const realize = async (network: Network): Promise<void> => {
    const routed = isBridged(network) && !network.internal;
    await ensure([...planNetwork(network), ...(routed ? planForwarding(noteForwarding()) : [])]);
  };

  const create = async (spec: NetworkSpec): Promise<Network> => {
    const network = chooseParent(planNewNetwork(spec, state, seed()), kernel);
    validateNetwork(network, state);
    store.commit({put: {networks: [network]}});
    return undoing(
      async () => {
        await realize(network);
        return network;
      },
      () => store.commit({remove: {networks: [network.id]}}),
    );
  };

  const remove = async (ref: string): Promise<void> => {
    const network = get(ref);
    refuseRemoval(network, attachmentsOf({network: network.id}));
    const {items, actual} = readOurs(planNetwork(network));
    const gone = items.filter(item => item.kind !== 'table' && actual.has(itemKey(item)));
    await kernel.execute(diff(toWorld(gone), new Map()), 'continue');
    store.commit({remove: {networks: [network.id]}});
  };

  const attach = async (spec: AttachSpec): Promise<Attachment> => {
    const network = get(spec.network);
    const first = !isRealized(network, state);
    validateAttachment(network, state);
    const draft = planNewAttachment(spec, network, state, parts.newId());
    const attachment = {...draft, ports: reservations.reserve(draft.id, draft.ports)};
    return undoing(
      async () => {
        store.commit({put: {attachments: [attachment]}});
        if (first) await realize(network);
        await kernel.execute(additions(planAttachment(network, attachment)), 'undo');
        if (attachment.hostIfname !== '') await kernel.awaitCarrier(attachment.hostIfname);
        return attachment;
      },
      () => {
        reservations.release(attachment.id);
        store.commit({remove: {attachments: [attachment.id]}});
      },
    );
  };

  const detach = async (id: string): Promise<void> => {
    const attachment = state.attachments.get(id);
    if (attachment === undefined) return;
    const network = get(attachment.network);
    const items = planAttachment(network, attachment).filter(item => item.ns === '' || item.kind === 'link');
    await kernel.execute(removals(items), 'continue');
    flushPorts(kernel, attachment.ports);
    reservations.release(id);
    store.commit({remove: {attachments: [id]}});
  };

  const repair = async ({dryRun = false} = {}): Promise<readonly Op[]> => {
    const forwards = [...state.networks.values()].some(
      network => isBridged(network) && isRealized(network, state) && !network.internal,
    );
    if (forwards && !dryRun) noteForwarding();
    const {items, actual} = readOurs(planHost(state));
    const scope = withoutIntact(items, actual);
    const ops = diff(scope.actual, toWorld(scope.items));
    if (!dryRun) await kernel.execute(ops, 'continue');
    return ops;
  };

  /** With nothing attached, the host is left as we found it; the networks come back with the next daemon. */
  const retire = async (): Promise<void> => {
    if (state.attachments.size > 0) return;
    forgetGoneDevices();
    const restored = [...state.forwarding].map((device): Op => {
      const was = forwardingSysctl(device);
      return {do: 'set', was, item: {...was, value: '0'} as Item};
    });
    const {actual} = readOurs(planHost(state));
    await kernel.execute([...diff(actual, new Map()), ...restored], 'continue');
    store.commit({remove: {forwarding: [...state.forwarding]}});
  };

  const unwatch = kernel.watch(() => void lock(repair).catch(() => {}));
  await lock(repair);
  reserveAgain(state.attachments.values(), reservations);
  return {
    list: () => [...state.networks.values()],
    get,
    attachmentsOf,
    create: spec => lock(() => create(spec)),
    remove: ref => lock(() => remove(ref)),
    createSandbox: path => kernel.execute(additions(planSandbox(path)), 'undo'),
    removeSandbox: path => kernel.execute([{do: 'del', item: {ns: path, kind: 'netns'}}], 'continue'),
    attach: spec => lock(() => attach(spec)),
    publish: (id, mapping) => lock(() => publishPort(parts, {id, mapping})),
    unpublish: (id, mapping) => lock(() => unpublishPort(parts, {id, mapping})),
    detach: id => lock(() => detach(id)),
    repair: options => lock(() => repair(options)),
    async close() {
      unwatch();
      await lock(retire);
      reservations.close();
      kernel.close();
    },
  };
}

function findNetwork(networks: ReadonlyMap<string, Network>, ref: string): Network {
  const all = [...networks.values()];
  const exact = networks.get(ref) ?? all.find(network => network.name === ref);
  if (exact) return exact;
  const matches = ref === '' ? [] : all.filter(network => network.id.startsWith(ref));
  if (matches.length > 1)
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `network ${ref} is ambiguous (${matches.length} matches found based on ID prefix)`,
    );
  if (matches.length === 0) throw new TnetError('ERR_NETWORK_NOT_FOUND', `network ${ref} not found`);
  return matches[0]!;
}

/** Names of wanted links that are there, and not of our making. */
function foreignLinks(want: World, actual: World): ReadonlySet<string> {
  const present = [...actual].flatMap(([key, item]) =>
    item.kind === 'link' && item.ns === '' && want.has(key) ? [item] : [],
  );
  return new Set(present.filter(link => !isOurGroup(link.group)).map(link => link.name));
}

function isOn(item: Item, links: ReadonlySet<string>): boolean {
  if (item.kind === 'link') return links.has(item.name) || links.has(item.master ?? '');
  if (item.kind === 'sysctl') return links.has(item.path.split('/')[3] ?? '');
  return item.kind === 'address' && links.has(item.link);
}

/** A device that another program made is never taken over. */
function refuseForeignLinks(want: World, actual: World): void {
  for (const name of foreignLinks(want, actual)) {
    throw new TnetError(
      'ERR_LINK_FOREIGN',
      `Cannot use "${name}" as a network's bridge: another program made it. ` +
        (name === 'docker0'
          ? 'Give the daemon another device: tnet daemon --bridge tnet0'
          : 'Choose another name with -o com.docker.network.bridge.name=NAME'),
    );
  }
}

function refuseRemoval(network: Network, attachments: readonly Attachment[]): void {
  if (isPredefined(network.name)) {
    throw new TnetError('ERR_FORBIDDEN', `${network.name} is a pre-defined network and cannot be removed`);
  }
  if (attachments.length === 0) return;
  throw new TnetError(
    'ERR_NETWORK_IN_USE',
    `error while removing network: network ${network.name} id ${network.id} has active endpoints`,
  );
}

/** After a restart the rules still stand; a port that somebody took meanwhile stays published, it is only not held. */
function reserveAgain(attachments: Iterable<Attachment>, reservations: Reservations): void {
  for (const {id, ports} of attachments) {
    try {
      reservations.reserve(id, ports);
    } catch {}
  }
}
