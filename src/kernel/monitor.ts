import {closeSync} from 'node:fs';
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

export interface MonitorSpec {
  readonly native: Pick<Native, 'openNetlink' | 'joinGroup' | 'receive' | 'watch'>;
  /** Name of our nft table of family inet. */
  readonly table: string;
}

/** Calls back, settled, when another process changed our nft table, or a host address came or went. Returns what stops it. */
export function watchKernel({native, table}: MonitorSpec, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | null = null;
  const changed = (): void => {
    timer ??= setTimeout(() => {
      timer = null;
      onChange();
    }, settleMs).unref();
  };
  const stops = [
    listen(native, {protocol: 12, group: netfilterGroups.nftables}, foreignChange(table), changed),
    listen(native, {protocol: 0, group: routeGroups.ipv4Address}, () => true, changed),
    listen(native, {protocol: 0, group: routeGroups.ipv6Address}, () => true, changed),
  ];
  return () => {
    for (const stop of stops) stop();
    if (timer) clearTimeout(timer);
  };
}

/** Remembers across datagrams whether the transaction under way touches our table; a generation ends its events. */
function foreignChange(table: string): (events: readonly Event[]) => boolean {
  let touched = false;
  return events => {
    let foreign = false;
    for (const event of events) {
      if (event.object !== 'generation') touched ||= eventTable(event) === table;
      else {
        foreign ||= touched && decodeGeneration(event.message).pid !== process.pid;
        touched = false;
      }
    }
    return foreign;
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
