import {closeSync, constants, readFileSync, statSync} from 'node:fs';
import {netnsIdentity} from '../../api/netns.ts';
import {readSysctl} from '../../kernel/apply.ts';
import {loadNative, type Native} from '../../kernel/native.ts';
import {decodeAddress, dumpAddresses} from '../../kernel/netlink/address.ts';
import {conntrackFormat, decodeConntrack, IPCTNL_MSG_CT_GET} from '../../kernel/netlink/conntrack.ts';
import {familyOf} from '../../kernel/netlink/family.ts';
import {NLM_F_DUMP, NLM_F_REQUEST} from '../../kernel/netlink/message.ts';
import {decodeNeigh, dumpNeighs} from '../../kernel/netlink/neigh.ts';
import {decodeRoute, dumpRoutes} from '../../kernel/netlink/route.ts';
import {decodeWaitingSocket, dumpWaitingSockets} from '../../kernel/netlink/sock-diag.ts';
import {type NetlinkSocket, openNetlinkSocket} from '../../kernel/netlink/socket.ts';
import {createSockets} from '../../kernel/sockets.ts';
import {linksOf, routeOf} from '../../kernel/trace/inquire.ts';
import {openProbe} from '../../kernel/trace/probe.ts';
import {ipFamily} from '../../model/ip.ts';
import {type DaemonView, type Eyes, NoNodeError} from '../check/eyes.ts';
import {enterCollecting} from '../holder/enter.ts';
import type {LabRecord} from '../labs.ts';
import {namespaceOf, placeIn} from '../place.ts';
import {slowness} from '../slowness.ts';
import {namespacesOf} from '../topology/plan-lab.ts';
import {hostNode} from '../topology/topology.ts';
import {askDns} from './ask-dns.ts';
import {askHttp} from './ask-http.ts';
import {countPackets} from './count-packets.ts';
import {measureBandwidth} from './measure-bandwidth.ts';
import {readForwarding} from './read-forwarding.ts';
import {readRules} from './read-rules.ts';
import {runningIn} from './running-in.ts';
import {readPicture} from './starting-picture.ts';

export interface OpenEyes extends Eyes {
  close(): void;
}

/** Opened anew for every check run: a learner may have taken a namespace away and made another of its name. */
export function openEyes(
  record: LabRecord,
  env: Readonly<Record<string, string | undefined>>,
  daemon: DaemonView = {containers: new Map(), networks: new Map()},
): OpenEyes {
  const native = loadNative();
  const sockets = createSockets(native);
  const path = (node: string): string => containerNamespace(record, node, daemon) ?? namespaceOf(record.pid, node);
  const exists = (node: string): boolean => {
    try {
      sockets.netnsFd(path(node));
      return true;
    } catch {
      return false;
    }
  };
  /** The node's namespace, surely there. */
  const ns = (node: string): string => {
    if (!exists(node)) throw new NoNodeError(node);
    return path(node);
  };
  const fdOf = (node: string): number => sockets.netnsFd(ns(node))!;
  const withSocket = <T>(node: string, protocol: 'netfilter' | 'sockDiag', job: (socket: NetlinkSocket) => T): T => {
    const socket = openNetlinkSocket({native, protocol, netnsFd: fdOf(node)});
    try {
      return job(socket);
    } finally {
      socket.close();
    }
  };
  /** On a slow machine the answering program is slow, not the way to it: probes, which the kernel answers, keep their time. */
  const patient = <T extends {readonly timeoutMs: number}>(wish: T): T => ({
    ...wish,
    timeoutMs: wish.timeoutMs * slowness(env),
  });
  return {
    daemon,
    exists,
    nodes: [hostNode, ...namespacesOf(record.topology)],
    identity: node => netnsIdentity(ns(node)),
    links: node => linksOf(sockets, ns(node)),
    addresses: node => sockets.route(ns(node)).dump(dumpAddresses()).map(decodeAddress),
    lookUp: (node, to, from) => routeOf(sockets, ns(node), {to, ...(from === undefined ? {} : {from})}),
    routes: node => sockets.route(ns(node)).dump(dumpRoutes()).map(decodeRoute),
    neighs: node =>
      ([4, 6] as const).flatMap(family => sockets.route(ns(node)).dump(dumpNeighs({family})).map(decodeNeigh)),
    forwarding: node => readForwarding(sockets.route(ns(node)), linksOf(sockets, ns(node))),
    listening: (node, proto) =>
      withSocket(node, 'sockDiag', socket =>
        ([4, 6] as const).flatMap(family => socket.dump(dumpWaitingSockets(proto, family)).map(decodeWaitingSocket)),
      ),
    sysctl: (node, name) => readSysctl({native, sockets}, ns(node), name),
    rules: node => withSocket(node, 'netfilter', readRules),
    connections: node => withSocket(node, 'netfilter', readConnections),
    snmp: node => readSnmp(native, fdOf(node)),
    processes: node => runningIn(statSync(ns(node)).ino),
    probe: (node, wish) => sendProbe({native, netnsFd: fdOf(node)}, wish),
    http: (node, request) => askHttp({native, netnsFd: fdOf(node)}, patient(request)),
    dns: (node, question) => askDns({native, netnsFd: fdOf(node)}, patient(question)),
    bandwidth: ({from, to, ...wish}) => measureBandwidth({native, senderFd: fdOf(from), receiverFd: fdOf(to), ...wish}),
    count: ({node, dev, filter}, job) =>
      countPackets({native, netnsFd: fdOf(node), links: linksOf(sockets, ns(node)), dev, filter}, job),
    run(node, script, timeoutMs) {
      const container = containerName(node);
      const [place, command] = container === null ? [node, []] : [hostNode, ['tnet', 'exec', container]];
      return enterCollecting(placeIn(record, place, env), [...command, 'sh', '-c', script], timeoutMs);
    },
    atStart: (node, what) => readPicture(record, node, what),
    answer: id => readAnswer(record, id),
    close: sockets.close,
  };
}

function containerName(node: string): string | null {
  return /^container:(.+)$/.exec(node)?.[1] ?? null;
}

/** Its process, seen by the lab's own /proc. Null for a node that is no container, or one that does not run. */
function containerNamespace({pid: holder}: LabRecord, node: string, {containers}: DaemonView): string | null {
  const {pid = 0} = containers.get(containerName(node) ?? '') ?? {};
  return pid === 0 ? null : `/proc/${holder}/root/proc/${pid}/ns/net`;
}

/** What the eyes' own sockets need. */
export interface Standpoint {
  readonly native: Native;
  readonly netnsFd: number;
}

async function sendProbe(
  {native, netnsFd}: Standpoint,
  {timeoutMs, ...wish}: Parameters<Eyes['probe']>[1],
): ReturnType<Eyes['probe']> {
  const probe = openProbe({native, netnsFd, family: ipFamily(wish.to), ...wish});
  try {
    return await probe.send(timeoutMs);
  } finally {
    probe.close();
  }
}

function readConnections(socket: NetlinkSocket): ReturnType<Eyes['connections']> {
  return ([4, 6] as const).flatMap(family => {
    const payload = conntrackFormat.encode({family: familyOf(family), attributes: {}});
    const message = {type: IPCTNL_MSG_CT_GET, flags: NLM_F_REQUEST | NLM_F_DUMP, payload, what: 'read the connections'};
    return socket.dump(message).map(decodeConntrack);
  });
}

/** Two lines a group: `Ip: Forwarding DefaultTTL …` and `Ip: 1 64 …`. /proc/thread-self/net is that of the namespace we visit while we open it. */
function readSnmp(native: Native, netnsFd: number): ReadonlyMap<string, number> {
  const lines = ['snmp', 'netstat'].flatMap(name =>
    readIn(native, `/proc/thread-self/net/${name}`, netnsFd).split('\n'),
  );
  const counters = new Map<string, number>();
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [names, values] = [lines[i]!.split(' '), lines[i + 1]!.split(' ')];
    if (names[0] !== values[0]) continue;
    for (const [at, name] of names.entries())
      if (at > 0) counters.set(`${names[0]!.slice(0, -1)}.${name}`, Number(values[at]));
  }
  return counters;
}

function readIn(native: Native, path: string, netnsFd: number): string {
  const fd = native.openFile(path, constants.O_RDONLY, netnsFd);
  try {
    return readFileSync(fd, 'utf8').trimEnd();
  } finally {
    closeSync(fd);
  }
}

function readAnswer({pid}: LabRecord, id: string): string | null {
  try {
    return readFileSync(answerPath(pid, id), 'utf8');
  } catch {
    return null;
  }
}

/** In the lab's own /run: a reset forgets it. */
export function answerPath(holderPid: number, id: string): string {
  return `/proc/${holderPid}/root/run/lab/answers/${id}`;
}
