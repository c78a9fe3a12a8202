import type {LinkInfo} from '../../kernel/netlink/link.ts';
import {NLM_F_DUMP, NLM_F_REQUEST} from '../../kernel/netlink/message.ts';
import {neighFormat, RTM_GETNEIGH} from '../../kernel/netlink/neigh.ts';
import type {NetlinkSocket} from '../../kernel/netlink/socket.ts';
import type {ForwardingEntry} from '../check/eyes.ts';

/** include/linux/socket.h */
const AF_BRIDGE = 7;

/** Like `bridge fdb show`: of every bridge port and vxlan link of the namespace. */
export function readForwarding(socket: NetlinkSocket, links: readonly LinkInfo[]): readonly ForwardingEntry[] {
  const names = new Map(links.map(({index, name}) => [index, name]));
  const payload = neighFormat.encode({family: AF_BRIDGE, attributes: {}});
  const message = {type: RTM_GETNEIGH, flags: NLM_F_REQUEST | NLM_F_DUMP, payload, what: 'read the forwarding tables'};
  return socket.dump(message).flatMap(answer => {
    const {index, attributes} = neighFormat.decode(answer.payload);
    const {mac, dst} = attributes;
    return mac === undefined ? [] : [{link: names.get(index) ?? '?', mac, to: dst ?? null}];
  });
}
