import {delLinksByGroup, setLink} from './netlink/link.ts';
import type {NetlinkSocket} from './netlink/socket.ts';

/**
 * Deletes many links with one wait: they move into a group of their own, which then goes with one request, so that whatever
 * else has their group (a bridge has that of its ports) stays. Kernel: rtnl_group_dellink() waits for RCU once for all, ~0.3 ms
 * a veth pair; one by one 15-35 ms. A crash in between leaves links of our groups that nothing wants: repair removes them.
 */
export async function deleteLinks(socket: NetlinkSocket, names: readonly string[]): Promise<void> {
  const moves = names.map(name => ({...setLink(name, {group: leavingGroup}), what: `delete link "${name}"`}));
  const errors = socket.requestAll(moves).flatMap(({error}) => error ?? []);
  const refused = errors.find(({errno}) => errno !== ENODEV);
  if (refused) throw refused;
  if (errors.length < names.length)
    await socket.requestAsync(delLinksByGroup(leavingGroup), `delete ${names.length} links`);
}

/** "tn" in the high half marks a link as ours (network/drivers/driver.ts); no network has the index 65535. */
const leavingGroup = 0x746e_ffff;
const ENODEV = 19;
