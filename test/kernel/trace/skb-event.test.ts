import test from 'ava';
import {parseSkbEvent} from '../../../src/kernel/trace/skb-event.ts';

const moment = (atUs: number, skb: string, pid: number) => ({atUs, skb, pid});

// cat /sys/kernel/tracing/instances/x/trace, Linux 6.18
const lines: readonly (readonly [string, ReturnType<typeof parseSkbEvent>])[] = [
  [
    '            bash-12658   [001] b....  1597.163262: net_dev_start_xmit: dev=eth0 queue_mapping=0 skbaddr=ffff8881043d80e0 vlan_tagged=0 vlan_proto=0x0000 vlan_tci=0x0000 protocol=0x0800 ip_summed=3 len=74 data_len=0 network_offset=14 transport_offset_valid=1 transport_offset=34 tx_flags=0 gso_size=0 gso_segs=0 gso_type=0x0',
    {...moment(1597163262, 'ffff8881043d80e0', 12658), event: 'send', link: 'eth0', l3Length: 60, etherType: 0x800},
  ],
  [
    '          <idle>-0       [001] ..s1.  1597.163270: netif_receive_skb: dev=br-0123456789ab skbaddr=ffff8881043d80e0 len=60',
    {...moment(1597163270, 'ffff8881043d80e0', 0), event: 'receive', link: 'br-0123456789ab', l3Length: 60},
  ],
  [
    '    kworker/u8:3-4869    [001] ..s1.  1597.163340: kfree_skb: skbaddr=ffff8881043d80e0 rx_sk=0000000000000000 protocol=2048 location=tcp_v4_rcv+0x91/0x13f0 reason: NO_SOCKET',
    {
      ...moment(1597163340, 'ffff8881043d80e0', 4869),
      event: 'drop',
      etherType: 0x800,
      reason: 'NO_SOCKET',
      location: 'tcp_v4_rcv+0x91/0x13f0',
    },
  ],
  [
    '           <...>-20594   [001] ..s1.  1980.213814: consume_skb: skbaddr=ffff888105259b00 location=icmp_rcv+0x259/0x3c0',
    {...moment(1980213814, 'ffff888105259b00', 20594), event: 'consume', location: 'icmp_rcv+0x259/0x3c0'},
  ],
  // Linux 6.1
  [
    '            bash-400     [000] ..s1.   12.000001: kfree_skb: skbaddr=ffff88810b35f100 protocol=2048 location=ffffffff81a2b3c4 reason: NETFILTER_DROP',
    {
      ...moment(12000001, 'ffff88810b35f100', 400),
      event: 'drop',
      etherType: 0x800,
      reason: 'NETFILTER_DROP',
      location: 'ffffffff81a2b3c4',
    },
  ],
  ['# tracer: nop', null],
  ['', null],
  ['     node-7 [000] d.h1.  5.000000: sched_switch: prev_comm=a', null],
];

for (const [line, event] of lines) {
  test(`parseSkbEvent() reads ${line.slice(0, 90).trim() || 'nothing'}`, t => t.deepEqual(parseSkbEvent(line), event));
}
