import {mkdirSync, rmSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {KernelError} from '../../errors.ts';
import {linkIndex} from '../../kernel/link-index.ts';
import type {Native} from '../../kernel/native.ts';
import {decodeLink, getLink, type LinkInfo, setLink} from '../../kernel/netlink/link.ts';
import {askForNetem, replaceNetem} from '../../kernel/netlink/netem.ts';
import {deleteTable, getTable, replaceTable} from '../../kernel/netlink/nftables/objects.ts';
import {delRootQdisc, replaceTbf} from '../../kernel/netlink/qdisc.ts';
import {type NetlinkSocket, openNetlinkSocket} from '../../kernel/netlink/socket.ts';
import type {Sockets} from '../../kernel/sockets.ts';
import {startRelay} from '../holder/relay.ts';
import {namespaceOf} from '../place.ts';
import {replaceFile} from '../replace-file.ts';
import {type End, formatEnd, type WantedEnd} from './ends.ts';
import type {Impairment} from './impairment.ts';
import {formatRelay, type ImpairPlan, impairTable, planImpair, type RelayEffects, tableOf} from './plan-impair.ts';

/** What a lab's ends are reached by. */
export interface EndParts {
  readonly native: Native;
  readonly sockets: Sockets;
  /** Of the lab's holder. */
  readonly pid: number;
}

const [EINVAL, ENOENT] = [22, 2];

/** Makes what leaves by an end so impaired, in place of what was. The relay is there before the rule that leads to it, and goes after it. */
export async function impairEnd(parts: EndParts, end: End, impairment: Impairment): Promise<void> {
  const index = linkIndex(parts.sockets, namespaceIn(parts, end), end.link);
  const plan = planImpair(impairment, {netem: hasNetem(parts, end, index)});
  const tapIndex = plan.relay === null ? null : await setRelay(parts, {end, index, effects: plan.relay});
  setRules(parts, {end, plan, index, tapIndex});
  await setQueue(parts, {end, plan, index});
  if (plan.relay === null) rmSync(relayFile(parts, end), {force: true});
}

/** Whether the kernel still has what was set. */
export function isImpaired(parts: EndParts, {impairment, ...end}: WantedEnd): boolean {
  const link = linkOf(parts, end, end.link);
  if (link === null) return false;
  const plan = planImpair(impairment, {netem: hasNetem(parts, end, link.index)});
  const queued = plan.root === null || plan.root.kind === link.qdisc;
  const relayed = plan.relay === null || linkOf(parts, end, tapName(link.index)) !== null;
  return queued && relayed && (plan.rules.length === 0 || hasTable(parts, end));
}

/** Asks for a qdisc of netem that no kernel makes: one without it says that it knows none. */
export function hasNetem(parts: EndParts, end: End, index?: number): boolean {
  const ns = namespaceIn(parts, end);
  try {
    parts.sockets.route(ns).request(askForNetem(index ?? linkIndex(parts.sockets, ns, end.link)), 'ask for netem');
  } catch (error) {
    return (error as KernelError).errno === EINVAL;
  }
  return true;
}

const namespaceIn = ({pid}: EndParts, {node}: End): string => namespaceOf(pid, node);
const tapName = (index: number): string => `imp${index}`;

/** What the relay of an end is to do, as the lab's holder reads it in its own /run. */
const relayFile = ({pid}: EndParts, end: End): string => join(`/proc/${pid}/root`, relayPath(end));
const relayPath = (end: End): string => `/run/lab/relay/${formatEnd(end)}`;

interface Relayed {
  readonly end: End;
  readonly index: number;
  readonly effects: RelayEffects;
}

/** Resolves to the index of the relay's TAP. */
async function setRelay(parts: EndParts, {end, index, effects}: Relayed): Promise<number> {
  const [tap, ns] = [tapName(index), namespaceIn(parts, end)];
  mkdirSync(dirname(relayFile(parts, end)), {recursive: true});
  replaceFile(relayFile(parts, end), formatRelay(effects));
  const there = linkOf(parts, end, tap);
  if (there !== null) return there.index;
  await startRelay({holderPid: parts.pid, node: end.node, link: end.link, tap, file: relayPath(end)});
  parts.sockets.route(ns).request(setLink(tap, {ipv6LinkLocal: false, up: true}), `set up "${tap}"`);
  return linkIndex(parts.sockets, ns, tap);
}

function linkOf(parts: EndParts, end: End, name: string): LinkInfo | null {
  try {
    const [answer] = parts.sockets.route(namespaceIn(parts, end)).request(getLink(name));
    return decodeLink(answer!);
  } catch {
    return null; // nor is its namespace, perhaps
  }
}

function netfilter<T>({native, sockets, pid}: EndParts, {node}: End, job: (socket: NetlinkSocket) => T): T {
  const netnsFd = sockets.netnsFd(namespaceOf(pid, node))!;
  const socket = openNetlinkSocket({native, protocol: 'netfilter', netnsFd});
  try {
    return job(socket);
  } finally {
    socket.close();
  }
}

function hasTable(parts: EndParts, end: End): boolean {
  return netfilter(parts, end, socket => {
    try {
      socket.request(getTable(tableOf(end.link)));
      return true;
    } catch {
      return false;
    }
  });
}

interface Planned {
  readonly end: End;
  readonly plan: ImpairPlan;
  readonly index: number;
}

function setRules(parts: EndParts, {end, plan, ...link}: Planned & {readonly tapIndex: number | null}): void {
  const table = impairTable(plan.rules, {name: end.link, ...link});
  netfilter(parts, end, socket => {
    if (table !== null) socket.batch(replaceTable(table), `impair "${formatEnd(end)}"`);
    else absent(() => socket.batch(deleteTable(tableOf(end.link)), `repair "${formatEnd(end)}"`));
  });
}

async function setQueue(parts: EndParts, {end, plan: {root}, index}: Planned): Promise<void> {
  const socket = parts.sockets.route(namespaceIn(parts, end));
  const what = `queue what leaves by "${formatEnd(end)}"`;
  if (root?.kind === 'netem') await socket.requestAsync(replaceNetem({...root, index}), what);
  else if (root?.kind === 'tbf') await socket.requestAsync(replaceTbf({...root, index}), what);
  else await absentAsync(() => socket.requestAsync(delRootQdisc(index), what));
}

/** What is to go may be gone. */
function absent(job: () => void): void {
  try {
    job();
  } catch (error) {
    if ((error as KernelError).errno !== ENOENT) throw error;
  }
}

async function absentAsync(job: () => Promise<unknown>): Promise<void> {
  try {
    await job();
  } catch (error) {
    // EINVAL: it never had a queue but its default.
    if (![ENOENT, EINVAL].includes((error as KernelError).errno)) throw error;
  }
}
