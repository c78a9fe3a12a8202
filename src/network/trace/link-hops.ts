import type {LinkInfo} from '../../kernel/netlink/link.ts';
import type {TraceFacts} from '../../kernel/trace/facts.ts';
import type {Passage} from '../../kernel/trace/follow-skb.ts';
import type {TraceHop} from '../../model/trace.ts';
import type {Names} from './names.ts';

interface Scene {
  readonly facts: TraceFacts;
  readonly names: Names;
}

/** What lies between two moments of the packet: a veth pair, a bridge, a device and one below it. Null where it was routed. */
export function linkHop(before: Passage | undefined, now: Passage, {facts, names}: Scene): TraceHop | null {
  if (before === undefined) return null;
  const startUs = facts.path?.startUs ?? now.atUs;
  const at = {where: names.ns(now.ns), atMs: (now.atUs - startUs) / 1000};
  const [from, to] = [before.link, now.link];
  const crossing = before.event === 'send' && now.event === 'receive';
  if (crossing && from === to && before.ns === now.ns && now.ns !== null)
    return {...at, what: 'link', from, to, text: `${from}, the loopback`};
  const bridge = crossing ? null : bridgeBetween(before, now, facts);
  if (bridge !== null) return {...at, what: 'bridge', bridge, from, to, text: `bridge ${bridge}: ${from} → ${to}`};
  if (!crossing && !isStacked(before, now, facts)) return null;
  return {...at, what: 'link', from, to, text: `${from} → ${to}`};
}

/** Received by one port and sent by another of the same bridge: by its MAC address, no routing table was asked. */
function bridgeBetween(before: Passage, now: Passage, facts: TraceFacts): string | null {
  if (before.event !== 'receive' || now.event !== 'send') return null;
  const [from, to] = [linkOf(before, facts), linkOf(now, facts)];
  if (from?.masterIndex == null || from.masterIndex !== to?.masterIndex) return null;
  return facts.links.get('')?.find(({index}) => index === from.masterIndex)?.name ?? 'of both';
}

/** A bridge and its port, in either direction. */
function isStacked(before: Passage, now: Passage, facts: TraceFacts): boolean {
  if (before.event !== now.event || before.ns !== now.ns) return false;
  const [a, b] = [linkOf(before, facts), linkOf(now, facts)];
  return (
    a !== undefined && b !== undefined && (a.masterIndex === b.index || b.masterIndex === a.index || a.kind !== b.kind)
  );
}

function linkOf({ns, link}: Passage, {links}: TraceFacts): LinkInfo | undefined {
  return ns === null ? undefined : links.get(ns)?.find(({name}) => name === link);
}
