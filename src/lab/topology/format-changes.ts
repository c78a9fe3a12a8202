import {formatOp} from '../../kernel/diff.ts';
import type {LinkItem, NamespacePath, Op} from '../../kernel/item.ts';

/** `add address "10.0.0.4/24" dev eth0 on c3`: as the planner's operations are said elsewhere, with nodes in the namespaces' place. */
export function formatLabOp(op: Op, nodeOf: (ns: NamespacePath) => string): string {
  const {item} = op;
  const text = formatOp({...op, item: {...item, ns: ''}} as Op);
  if (item.kind !== 'link') return `${text} on ${nodeOf(item.ns)}`;
  if (op.do === 'set') return `set link "${item.name}"${changesOf(item, op.was as LinkItem)} on ${nodeOf(item.ns)}`;
  const peer = item.peer === null ? '' : ` to ${nodeOf(item.peer.ns)}:${item.peer.name}`;
  return `${text}${peer} on ${nodeOf(item.ns)}`;
}

function changesOf(want: LinkItem, was: LinkItem): string {
  const parts = [
    want.up === was.up ? '' : ` ${want.up ? 'up' : 'down'}`,
    want.mtu === null || want.mtu === was.mtu ? '' : ` mtu ${want.mtu}`,
    want.master === was.master ? '' : ` ${want.master === null ? 'nomaster' : `master ${want.master}`}`,
  ];
  return parts.join('');
}
