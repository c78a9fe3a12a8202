import {closeSync, readdirSync, statSync} from 'node:fs';
import {loadNative, type Native} from '../kernel/native.ts';
import {netfilterGroups, routeGroups} from '../kernel/netlink/monitor.ts';
import {openEyes} from './eyes/open-eyes.ts';
import type {LabRecord} from './labs.ts';
import {namespaceOf} from './place.ts';
import {hostNode} from './topology/topology.ts';

/** A command that changes ten things is one change. */
const settleMs = 50;
/** Settings, programs that listen, answers and new namespaces send no events. */
const pollMs = 1000;
const settings = ['net/ipv4/ip_forward', 'net/ipv4/conf/all/rp_filter', 'net/ipv4/conf/default/rp_filter'];
/** Not neighbours: every probe of ours changes those. */
const {link, ipv4Address, ipv4Route, ipv4Rule, ipv6Address, ipv6Route, ipv6Rule} = routeGroups;
const groups = [
  [0, [link, ipv4Address, ipv4Route, ipv4Rule, ipv6Address, ipv6Route, ipv6Rule]],
  [12, [netfilterGroups.nftables]],
] as const;

export interface WatchSpec {
  readonly record: LabRecord;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Below /proc/sys, besides those that are always watched. */
  readonly sysctls: readonly string[];
}

/**
 * Calls back, settled, when something changes in a lab: links, addresses, routes, rules and nft rulesets by the kernel's events, in every
 * namespace; settings, listening sockets, answers and namespaces by looking once a second. Returns what stops it.
 */
export function watchLab(spec: WatchSpec, onChange: () => void): () => void {
  const native = loadNative();
  let timer: NodeJS.Timeout | null = null;
  const changed = (): void => {
    timer ??= setTimeout(() => {
      timer = null;
      onChange();
    }, settleMs);
  };
  let namespaces = namespacesIn(spec.record);
  let stops = namespaces.map(ns => listenIn(native, namespaceOf(spec.record.pid, ns), changed));
  const relisten = (): void => {
    for (const stop of stops) stop();
    stops = namespaces.map(ns => listenIn(native, namespaceOf(spec.record.pid, ns), changed));
  };
  let before = silentState(spec, namespaces);
  const poll = setInterval(() => {
    const [now, there] = [namespacesIn(spec.record), namespaces];
    namespaces = now;
    if (now.join() !== there.join()) relisten();
    const state = silentState(spec, now);
    if (state !== before) changed();
    before = state;
  }, pollMs);
  return () => {
    clearInterval(poll);
    if (timer !== null) clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

function namespacesIn({pid}: LabRecord): readonly string[] {
  try {
    return [hostNode, ...readdirSync(`/proc/${pid}/root/run/netns`).sort()];
  } catch {
    return []; // the lab has ended
  }
}

function listenIn(native: Native, path: string, changed: () => void): () => void {
  const stops = groups.flatMap(([protocol, wanted]) => {
    try {
      return [listen(native, {path, protocol, wanted}, changed)];
    } catch {
      return []; // it went meanwhile: the next look tells
    }
  });
  return () => {
    for (const stop of stops) stop();
  };
}

interface Ear {
  readonly path: string;
  readonly protocol: number;
  readonly wanted: readonly number[];
}

function listen(native: Native, {path, protocol, wanted}: Ear, changed: () => void): () => void {
  const netns = native.openFile(path, 0);
  const fd = native.openNetlink(protocol, netns);
  closeSync(netns);
  for (const group of wanted) native.joinGroup(fd, group);
  const stop = native.watch(fd, () => {
    try {
      native.receive(fd);
    } catch {
      // ENOBUFS: some events are lost; that there were some is all we want to know
    }
    changed();
  });
  return () => {
    stop();
    closeSync(fd);
  };
}

/** What sends no events, as text to compare. */
function silentState({record, env, sysctls}: WatchSpec, namespaces: readonly string[]): string {
  const eyes = openEyes(record, env);
  try {
    const states = namespaces
      .filter(eyes.exists)
      .map(ns => [
        eyes.identity(ns),
        ...[...settings, ...sysctls].map(path => eyes.sysctl(ns, path)),
        ...(['tcp', 'udp'] as const).flatMap(proto =>
          eyes.listening(ns, proto).map(({address, port}) => `${proto} ${address} ${port}`),
        ),
      ]);
    return JSON.stringify([states, answersOf(record)]);
  } finally {
    eyes.close();
  }
}

function answersOf({pid}: LabRecord): readonly string[] {
  const folder = `/proc/${pid}/root/run/lab/answers`;
  try {
    return readdirSync(folder).map(name => `${name} ${statSync(`${folder}/${name}`).mtimeMs}`);
  } catch {
    return [];
  }
}
