import {closeSync} from 'node:fs';
import type {Iptables} from './iptables.ts';
import type {Fd, Native} from './native.ts';
import {
  decodeEvents,
  decodeGeneration,
  type Event,
  eventTable,
  netfilterGroups,
  routeGroups,
} from './netlink/monitor.ts';

/** A burst of events (a `firewall-cmd --reload`, a hundred links) is one change. */
const settleMs = 50;
/** Reading costs about 10 ms. */
const legacyPollMs = 5000;

export interface MonitorSpec {
  readonly native: Pick<Native, 'openNetlink' | 'joinGroup' | 'receive' | 'watch'>;
  /** As eventTable() names them: `tnet`, `ip filter`. */
  readonly tables: readonly string[];
  readonly iptables: Pick<Iptables, 'isOwn' | 'isLegacy'>;
}

/** Calls back, settled, when another process changed one of the nft tables, or a host address came or went. Returns what stops it. */
export function watchKernel({native, tables, iptables}: MonitorSpec, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | null = null;
  const changed = (): void => {
    timer ??= setTimeout(() => {
      timer = null;
      onChange();
    }, settleMs).unref();
  };
  const stops = [
    listen(native, {protocol: 12, group: netfilterGroups.nftables}, foreignChange({tables, iptables}), changed),
    listen(native, {protocol: 0, group: routeGroups.ipv4Address}, () => true, changed),
    listen(native, {protocol: 0, group: routeGroups.ipv6Address}, () => true, changed),
    ...(tables.includes('ip nat') ? [pollLegacy(iptables, changed)] : []),
  ];
  return () => {
    for (const stop of stops) stop();
    if (timer) clearTimeout(timer);
  };
}

/** Remembers across datagrams whether the transaction under way touches our tables; a generation ends its events. */
function foreignChange({
  tables,
  iptables,
}: Pick<MonitorSpec, 'tables' | 'iptables'>): (events: readonly Event[]) => boolean {
  let touched = false;
  return events => {
    let foreign = false;
    for (const event of events) {
      if (event.object !== 'generation') touched ||= tables.includes(eventTable(event) ?? '');
      else {
        const {pid} = decodeGeneration(event.message);
        foreign ||= touched && pid !== process.pid && !iptables.isOwn(pid);
        touched = false;
      }
    }
    return foreign;
  };
}

/** The legacy tables are outside of nf_tables and send no events. */
function pollLegacy(iptables: Pick<Iptables, 'isLegacy'>, changed: () => void): () => void {
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  const begin = (legacy: boolean): void => {
    if (legacy && !stopped) timer = setInterval(changed, legacyPollMs).unref();
  };
  iptables.isLegacy().then(begin, () => {});
  return () => {
    stopped = true;
    if (timer) clearInterval(timer);
  };
}

function listen(
  native: MonitorSpec['native'],
  {protocol, group}: {readonly protocol: number; readonly group: number},
  matters: (events: readonly Event[]) => boolean,
  changed: () => void,
): () => void {
  const fd: Fd = native.openNetlink(protocol);
  native.joinGroup(fd, group);
  const stop = native.watch(fd, () => {
    if (mattersNow(native, fd, matters)) changed();
  });
  return () => {
    stop();
    closeSync(fd);
  };
}

/** An overflowed monitor (ENOBUFS) has lost events: whatever they were, reading again finds it. */
function mattersNow(native: MonitorSpec['native'], fd: Fd, matters: (events: readonly Event[]) => boolean): boolean {
  try {
    return matters(decodeEvents(native.receive(fd)));
  } catch {
    return true;
  }
}
