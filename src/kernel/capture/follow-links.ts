import {closeSync} from 'node:fs';
import type {Fd} from '../native.ts';
import {decodeLink, dumpLinks} from '../netlink/link.ts';
import {routeGroups} from '../netlink/monitor.ts';
import {openNetlinkSocket} from '../netlink/socket.ts';
import type {CaptureNative} from './source.ts';
import type {TappedLink} from './taps.ts';

/** The links of one namespace, and word of their changes. */
export interface Links {
  read(): readonly TappedLink[];
  close(): void;
}

export interface FollowSpec {
  readonly native: CaptureNative;
  readonly netnsFd: Fd | undefined;
  readonly onChange: () => void;
}

/** Listens before it reads, so that no change in between is lost. */
export function followLinks({native, netnsFd, onChange}: FollowSpec): Links {
  const monitor = netnsFd === undefined ? native.openNetlink(0) : native.openNetlink(0, netnsFd);
  native.joinGroup(monitor, routeGroups.link);
  const stop = native.watch(monitor, () => {
    takeEvents(native, monitor);
    onChange();
  });
  const socket = openNetlinkSocket(
    netnsFd === undefined ? {native, protocol: 'route'} : {native, protocol: 'route', netnsFd},
  );
  return {
    read: () => socket.dump(dumpLinks(), 'list the interfaces').map(decodeLink),
    close() {
      stop();
      closeSync(monitor);
      socket.close();
    },
  };
}

/** An overflow (ENOBUFS) has lost events: reading again finds what they were. */
function takeEvents(native: CaptureNative, monitor: Fd): void {
  try {
    native.receive(monitor);
  } catch {}
}
