/**
 * What the kernel's trace events tell of one packet buffer (struct sk_buff). `send`: given to a device; `receive`: taken
 * from one; `drop` and `consume`: its end, with and without a reproach.
 */
export type SkbEvent = SkbMoment &
  (
    | {readonly event: 'send'; readonly link: string; readonly l3Length: number; readonly etherType: number}
    | {readonly event: 'receive'; readonly link: string; readonly l3Length: number}
    | {readonly event: 'drop'; readonly etherType: number; readonly reason: string; readonly location: string}
    | {readonly event: 'consume'; readonly location: string}
  );

interface SkbMoment {
  /** Hash of the buffer's address: the same as long as the packet lives, in whatever namespace; another packet's after that. */
  readonly skb: string;
  /** CLOCK_MONOTONIC, microseconds. */
  readonly atUs: number;
  /** The process that was at work; for what an interrupt did, whom it interrupted. */
  readonly pid: number;
}

/** Events to switch on, below `events/` of a tracefs instance. */
export const skbEvents = [
  'net/net_dev_start_xmit',
  'net/netif_receive_skb',
  'skb/kfree_skb',
  'skb/consume_skb',
] as const;

/**
 * One line of tracefs' `trace`, null for comments and other events. Reads Linux 6.1 (`location=00000000991b2b62`, hashed) and 6.18
 * (`location=nf_hook_slow+0xe8/0x100`) alike: `node-12 [001] ..s1. 1594.808086: netif_receive_skb: dev=va skbaddr=ff… len=72`.
 */
export function parseSkbEvent(line: string): SkbEvent | null {
  const match = /-(\d+)\s+\[\d+\]\s+\S+\s+(\d+)\.(\d{6}): (\w+): (.*)$/.exec(line);
  if (match === null) return null;
  const [, pid, seconds, micros, name, text] = match;
  const fields = fieldsOf(text!);
  const moment = {skb: fields.skbaddr ?? '', atUs: Number(seconds) * 1e6 + Number(micros), pid: Number(pid)};
  return toEvent(name!, fields, moment);
}

type Fields = Readonly<Record<string, string>>;

function toEvent(name: string, fields: Fields, moment: SkbMoment): SkbEvent | null {
  const {dev: link = '', len, location = ''} = fields;
  switch (name) {
    case 'net_dev_start_xmit': {
      const l3Length = Number(len) - Number(fields.network_offset);
      return {...moment, event: 'send', link, l3Length, etherType: Number(fields.protocol)};
    }
    case 'netif_receive_skb':
      return {...moment, event: 'receive', link, l3Length: Number(len)};
    case 'kfree_skb': {
      const {protocol, reason = 'NOT_SPECIFIED'} = fields;
      return {...moment, event: 'drop', etherType: Number(protocol), reason, location};
    }
    case 'consume_skb':
      return {...moment, event: 'consume', location};
    default:
      return null;
  }
}

/** `a=1 b=2 reason: X`; a link's name may hold anything but blanks and slashes. */
function fieldsOf(text: string): Fields {
  return Object.fromEntries(Array.from(text.matchAll(/(\w+)(?:=|: )(\S*)/g), ([, name, value]) => [name!, value!]));
}
