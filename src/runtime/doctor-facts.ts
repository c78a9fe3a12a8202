import {accessSync, constants, existsSync, readdirSync, statfsSync} from 'node:fs';
import {join} from 'node:path';
import type {Op} from '../kernel/item.ts';
import {readKernelFacts} from '../kernel/kernel-facts.ts';
import type {Native} from '../kernel/native.ts';
import {isBridged} from '../model/network.ts';
import {isUnseen, sandboxPath} from '../model/sandbox.ts';
import type {State} from '../model/state.ts';
import type {Facts, HostFacts} from '../network/doctor/facts.ts';
import {isRealized} from '../network/plan.ts';
import {isHeldByUs, type Reservations} from '../network/reservation.ts';
import {type CgroupHost, listCgroups} from './cgroup/cgroup.ts';
import {netnsDir, type Roots} from './places.ts';

export interface FactParts {
  readonly native: Native;
  readonly state: State;
  readonly roots: Roots;
  readonly cgroups: CgroupHost;
  /** Parent of the containers' cgroups; null when nobody can tell. */
  readonly cgroupParent: string | null;
  /** null without a daemon: then nothing is held. */
  readonly reservations: Pick<Reservations, 'holds'> | null;
  readonly resolvConf: string;
  readonly drift: readonly Op[];
}

/** Reads everything the checks look at. Changes nothing. */
export function readFacts(parts: FactParts): Facts {
  const {state, native, roots, cgroups, cgroupParent, reservations} = parts;
  const realized = [...state.networks.values()].filter(network => isBridged(network) && isRealized(network, state));
  const paths = new Set(Array.from(state.attachments.values(), ({sandbox}) => sandbox));
  const devices = realized.map(({device}) => device);
  return {
    state,
    realized,
    drift: parts.drift,
    kernel: readKernelFacts(native, devices),
    unheld: reservations === null ? [] : unheldPorts(state, reservations),
    sandboxes: namesIn(netnsDir(roots)).map(name => join(netnsDir(roots), name)),
    lostSandboxes: [...paths].filter(path => !isUnseen(path) && !existsSync(sandboxPath(path))),
    cgroups: cgroupParent === null ? [] : listCgroups(cgroups, cgroupParent),
    host: readHost(roots.root, parts),
  };
}

/** sctp has no socket everywhere: the store alone keeps those. Some callers hold theirs themselves. */
export function unheldPorts(state: State, {holds}: Pick<Reservations, 'holds'>): Facts['unheld'] {
  return [...state.attachments.values()]
    .filter(isHeldByUs)
    .flatMap(attachment =>
      attachment.ports
        .filter(mapping => mapping.proto !== 'sctp' && !holds(attachment.id, mapping))
        .map(mapping => ({attachment, mapping})),
    );
}

function readHost(root: string, {resolvConf, cgroups}: FactParts): HostFacts {
  const {bsize, blocks, bavail} = statfsSync(existsSync(root) ? root : '/');
  return {
    resolvConf,
    root,
    diskBytes: bsize * blocks,
    diskFreeBytes: bsize * bavail,
    storeError: writeError(root),
    cgroups: cgroups.mode,
  };
}

/** Root may write anywhere, but not on a read-only file system: EROFS. */
function writeError(root: string): string | null {
  try {
    if (existsSync(root)) accessSync(root, constants.W_OK);
    return null;
  } catch (error) {
    return (error as Error).message.split(',')[0]!;
  }
}

function namesIn(dir: string): readonly string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
