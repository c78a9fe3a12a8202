import {additions, diff, itemKey, toWorld} from '../kernel/diff.ts';
import type {Item, Op} from '../kernel/item.ts';
import type {HostLink, Kernel} from '../kernel/kernel.ts';
import type {SandboxView} from '../kernel/read-sandbox.ts';
import type {Attachment} from '../model/attachment.ts';
import type {IdMaps} from '../model/id-map.ts';
import type {Prefix} from '../model/ip.ts';
import {isRouted, type Network} from '../model/network.ts';
import type {PortMapping} from '../model/port-mapping.ts';
import type {Store} from '../store/store.ts';
import {connectedBeside, leaveAdopted, settingsWith, takeAdopted, withoutLostBridges} from './adopt.ts';
import {leftBehind, planAltered} from './alter-network.ts';
import {attachSandbox} from './attach.ts';
import {type BridgeFlags, planBridgeChange, refuseWhileAttached} from './bridge-flags.ts';
import {configureAttachment} from './change-attachment.ts';
import {checkAttachment} from './check-attachment.ts';
import {planDetach} from './detach.ts';
import {type AttachmentFilter, filterAttachments} from './filter-attachments.ts';
import {findNetwork} from './find-network.ts';
import {type FirewallName, firewallOf} from './firewall/renderer.ts';
import {ensure, isFrame, readOurs} from './foreign.ts';
import {homesOf} from './foreign-homes.ts';
import {noteForwarding} from './forwarding.ts';
import {createGathering} from './gather.ts';
import type {AddressPool} from './ipam.ts';
import {leaveHost} from './leave-host.ts';
import {createLock} from './lock.ts';
import {lostAttachments, withoutGoneLinks, withoutLost, withoutTaken} from './lost.ts';
import {type AttachSpec, refuseFull} from './new-attachment.ts';
import {type NetworkSeed, type NetworkSpec, planNewNetwork, planPredefined} from './new-network.ts';
import {placeNetwork} from './place-network.ts';
import {planForwarding, planHost, planNetwork, validateNetwork} from './plan.ts';
import {planRepair} from './plan-repair.ts';
import {findAttachment, publishPort, replacePorts, unpublishPort} from './publish.ts';
import {refuseRemoval} from './refuse-removal.ts';
import {type Reservations, reserveAgain} from './reservation.ts';
import {planSandbox} from './sandbox.ts';
import {settingsOf} from './settings-of.ts';
import {type AttachmentStats, readStats} from './stats.ts';
import {undoing} from './undoing.ts';

/** Creates and removes networks, attaches and detaches sandboxes; does not know who calls. References are names, ids or unique id prefixes. */
export interface Controller {
  list(): readonly Network[];
  get(ref: string): Network;
  attachmentsOf(filter: AttachmentFilter): readonly Attachment[];
  hostLinks(): readonly HostLink[];
  /** What attachments have carried so far. */
  stats(attachments: readonly Attachment[]): readonly AttachmentStats[];
  create(spec: NetworkSpec): Promise<Network>;
  remove(ref: string): Promise<void>;
  /** Other options or subnets of what is there. As create, and ERR_NETWORK_IN_USE where attachments stand in the way. */
  alter(ref: string, spec: NetworkSpec): Promise<Network>;
  /** Throws ERR_SUBNET_FULL when a network has no address left to give. */
  requireRoom(ref: string): void;
  /** A network namespace with loopback up and nothing else; with `ids`, owned by a user namespace with these maps. */
  createSandbox(path: string, ids?: IdMaps | null): Promise<void>;
  removeSandbox(path: string): Promise<void>;
  /** Another runtime's lives on at `path`, until that is removed. */
  holdSandbox(path: string, sandbox: string): Promise<void>;
  /** On a sandbox that is attached elsewhere too, ports and default route go to the gateway that is chosen anew. */
  attach(spec: AttachSpec): Promise<Attachment>;
  /** Publishes a port of what runs; returns the mapping with its host port chosen. ERR_PORT_IN_USE, ERR_ATTACHMENT_NOT_FOUND. */
  publish(attachmentId: string, mapping: PortMapping): Promise<PortMapping>;
  /** Takes it back, and its connections with it. ERR_BAD_REQUEST when it is not published. */
  unpublish(attachmentId: string, mapping: PortMapping): Promise<void>;
  /** Publishes these and no others. As publish. */
  setPorts(attachmentId: string, ports: readonly PortMapping[]): Promise<void>;
  /** Compares an attachment with the kernel. ERR_ATTACHMENT_BROKEN, ERR_ATTACHMENT_NOT_FOUND. */
  check(attachmentId: string): Promise<void>;
  /** Resolves when nobody else on the link has answered for its addresses. ERR_ADDRESS_IN_USE when somebody has. */
  settle(attachmentId: string): Promise<void>;
  /** Brings links up and sets what can be set in a sandbox that is another runtime's; all or nothing, and not remembered. */
  adjust(items: readonly Item[]): Promise<void>;
  /** The same with what is planned in view of how it routes now. */
  adjustBy(sandbox: string, plan: (routing: SandboxView) => readonly Op[]): Promise<void>;
  /** Other options of what is attached already, as its limits. ERR_BAD_REQUEST, ERR_ATTACHMENT_NOT_FOUND. */
  configure(attachmentId: string, options: Attachment['options']): Promise<void>;
  /** Idempotent: unknown ids are fine. The ports of one go on through its sandbox's next gateway. */
  detach(...attachmentIds: readonly string[]): Promise<void>;
  /** Makes the kernel what the store says; returns what was (or would be) done. */
  repair(options?: {readonly dryRun?: boolean}): Promise<readonly Op[]>;
  /** Runs a job while no verb of this controller runs. */
  alone<T>(job: () => Promise<T>): Promise<T>;
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
  /** Device of the predefined network `bridge`, when it is made. */
  readonly bridge: string;
  /** What it should be otherwise than it is. ERR_CONFLICT when something is attached to it. */
  readonly bridgeFlags?: BridgeFlags;
  /** Where subnets are chosen from; Docker's pools without it. */
  readonly pools?: readonly AddressPool[];
  /** What chosen subnets avoid besides the host's links: its resolvers. */
  readonly avoided: () => readonly Prefix[];
  /** Default: nftables. What another one has left is removed. */
  readonly firewall?: FirewallName;
}

/** Opens the networks of a daemon: makes the predefined ones, then repairs what a crash or a reboot has left. */
export async function createController(parts: ControllerParts): Promise<Controller> {
  const {store, kernel, reservations} = parts;
  const lock = createLock();
  const firewall = firewallOf(parts.firewall ?? 'nftables');
  /** What is there of iptables, and our firewall in view of it. */
  const look = async () => {
    const {ours, forward} = await kernel.readIptables();
    return {rules: ours, beside: firewallOf(firewall.name, forward)};
  };
  const {state} = store;
  const seed = (spec?: NetworkSpec): NetworkSeed => ({
    id: parts.newId(),
    created: parts.now().toISOString(),
    connected: spec === undefined ? kernel.connectedPrefixes() : connectedBeside(spec, kernel),
    avoided: parts.avoided(),
    mtu: kernel.defaultMtu(),
    instance: store.instance,
    ...(parts.pools === undefined ? {} : {pools: parts.pools}),
  });
  store.commit({put: {networks: planPredefined(state, parts.bridge, () => seed())}});

  const get = (ref: string): Network => findNetwork(state.networks, ref);
  const attachmentsOf: Controller['attachmentsOf'] = filter => filterAttachments(state, filter);

  const realize = async (network: Network): Promise<void> => {
    const {rules, beside} = await look();
    // First: a primary address takes the secondary ones of its prefix along, and ours would be one.
    await kernel.execute(takeAdopted(network, kernel), 'continue');
    await ensure(kernel, planNetwork(network, beside), rules);
    noteForwarding(parts);
    if ((isRouted(network) && !network.internal) || homesOf(network).length > 0)
      await ensure(kernel, planForwarding(state, firewall), rules);
  };

  const unrealize = async (network: Network): Promise<void> => {
    const {rules, beside} = await look();
    const {items, actual} = readOurs(kernel.find, planNetwork(network, beside), rules);
    const others = new Map([...state.networks].filter(([id]) => id !== network.id));
    const kept = toWorld(planHost({...state, networks: others, attachments: new Map()}, beside));
    const gone = items.filter(item => !isFrame(item) && actual.has(itemKey(item)) && !kept.has(itemKey(item)));
    const back = leaveAdopted(network, state, kernel);
    await kernel.execute([...diff(toWorld(gone), new Map()), ...back], 'continue');
  };

  const changeBridge = async (flags: BridgeFlags): Promise<void> => {
    const next = planBridgeChange(state, flags, () => seed());
    if (next === null) return;
    validateNetwork(next, state);
    refuseWhileAttached(attachmentsOf({network: next.id}).length);
    const was = state.networks.get(next.id)!;
    await unrealize(was);
    store.commit({put: {networks: [next]}, remove: {sysctls: settingsOf(was.device, state)}});
  };

  const forget = (network: Network): void =>
    store.commit({remove: {networks: [network.id], sysctls: settingsWith(network, state)}});

  const create = async (spec: NetworkSpec): Promise<Network> => {
    const network = placeNetwork(planNewNetwork(spec, state, seed(spec)), kernel);
    validateNetwork(network, state);
    store.commit({put: {networks: [network]}});
    return undoing(
      async () => {
        await realize(network);
        return network;
      },
      async () => {
        await unrealize(network).finally(() => forget(network));
      },
    );
  };

  const remove = async (ref: string): Promise<void> => {
    const network = get(ref);
    refuseRemoval(network, attachmentsOf({network: network.id}));
    await unrealize(network);
    forget(network);
  };

  const alter = async (ref: string, spec: NetworkSpec): Promise<Network> => {
    const network = get(ref);
    const next = placeNetwork(planAltered(network, spec, state, seed(spec)), kernel, network);
    validateNetwork(next, {...state, networks: new Map([...state.networks].filter(([id]) => id !== network.id))});
    store.commit({put: {networks: [next]}});
    return undoing(
      async () => {
        await kernel.execute(
          [...leftBehind(network, next, firewall), ...leaveAdopted(network, state, kernel)],
          'continue',
        );
        await kernel.execute(takeAdopted(next, kernel), 'continue');
        await repair();
        return next;
      },
      () => store.commit({put: {networks: [network]}}),
    );
  };

  /** Where others' rules decide what may pass, they must let each link of a point-to-point network through. */
  const firewallAt = async (networks: readonly (Network | undefined)[]) =>
    networks.some(network => network?.driver === 'ptp') ? (await look()).beside : firewall;

  const attach = async (spec: AttachSpec): Promise<Attachment> => {
    const network = get(spec.network);
    return attachSandbox({...parts, realize, firewall: await firewallAt([network])}, network, spec);
  };

  /** What fails on the way is reported at the end: the rest is taken away all the same. */
  const detach = createGathering(lock, async (asked: readonly string[]): Promise<void> => {
    const ids = asked.filter(id => state.attachments.has(id));
    if (ids.length === 0) return;
    const networks = ids.map(id => state.networks.get(state.attachments.get(id)?.network ?? ''));
    const {ops, change, moved, freed} = planDetach(state, new Set(ids), await firewallAt(networks));
    await kernel.execute(withoutLost(ops, kernel), 'continue');
    if (freed.length > 0) kernel.flushPorts(freed);
    for (const {from, to} of moved) reservations.move(from, to);
    for (const id of ids) reservations.release(id);
    store.commit(change);
  });

  const repairs = async (): Promise<readonly Op[]> => {
    const {rules, beside} = await look();
    const known = withoutGoneLinks(withoutLostBridges(withoutTaken(state, kernel), kernel), kernel);
    const ops = planRepair(known, beside, planned => readOurs(kernel.read, planned, rules));
    return withoutLost(ops, kernel);
  };

  /** Devices that it has made may need settings that could not be seen to be missing before. */
  const repair = async ({dryRun = false} = {}): Promise<readonly Op[]> => {
    if (dryRun) return repairs();
    noteForwarding(parts);
    const ops = await repairs();
    await kernel.execute(ops, 'continue');
    const known = state.sysctls.size;
    noteForwarding(parts);
    if (state.sysctls.size === known) return ops;
    const more = await repairs();
    await kernel.execute(more, 'continue');
    return [...ops, ...more];
  };

  const retire = async (): Promise<void> => {
    const {rules, beside} = await look();
    if (state.attachments.size === 0) await leaveHost(parts, beside, rules);
  };

  store.commit({remove: {attachments: lostAttachments(state, kernel).map(({id}) => id)}});
  const unwatch = kernel.watch(firewall.watches, () => void lock(repair).catch(() => {}));
  await lock(() => changeBridge(parts.bridgeFlags ?? {}));
  await lock(repair);
  reserveAgain(state.attachments.values(), reservations);
  const addAll = (items: readonly Item[]) => kernel.execute(additions(items), 'undo');

  return {
    list: () => [...state.networks.values()],
    get,
    attachmentsOf,
    hostLinks: kernel.hostLinks,
    stats: attachments => readStats(kernel, attachments),
    create: spec => lock(() => create(spec)),
    remove: ref => lock(() => remove(ref)),
    alter: (ref, spec) => lock(() => alter(ref, spec)),
    requireRoom: ref => refuseFull(get(ref), state),
    createSandbox: (path, ids = null) => addAll(planSandbox(path, ids)),
    holdSandbox: (path, sandbox) => addAll([{ns: path, kind: 'netns', of: sandbox}]),
    removeSandbox: path => kernel.execute([{do: 'del', item: {ns: path, kind: 'netns'}}], 'continue'),
    attach: spec => lock(() => attach(spec)),
    check: id => lock(() => checkAttachment({state, kernel, firewall}, findAttachment(store, id))),
    settle: id => {
      const {sandbox, ifname} = findAttachment(store, id);
      return kernel.awaitUnique(sandbox, ifname);
    },
    adjust: items => lock(() => addAll(items)),
    adjustBy: (sandbox, plan) => lock(() => kernel.execute(plan(kernel.viewSandbox(sandbox)), 'undo')),
    configure: (id, options) =>
      lock(() => configureAttachment({...parts, firewall}, findAttachment(store, id), options)),
    publish: (id, mapping) => lock(() => publishPort({...parts, firewall}, {id, mapping})),
    setPorts: (id, ports) => lock(() => replacePorts({...parts, firewall}, {id, ports})),
    unpublish: (id, mapping) => lock(() => unpublishPort({...parts, firewall}, {id, mapping})),
    detach: (...ids) => detach(ids),
    repair: options => lock(() => repair(options)),
    alone: lock,
    async close() {
      unwatch();
      await lock(retire);
      reservations.close();
      kernel.close();
    },
  };
}
