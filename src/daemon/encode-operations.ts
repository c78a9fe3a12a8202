import type {Operation, Operations} from '../api/doctor-types.ts';
import {formatOp} from '../kernel/diff.ts';
import type {Item, Op} from '../kernel/item.ts';

/** Operations as data, and each as the line that is printed. */
export function encodeOperations(ops: readonly Op[]): Operations {
  return {Operations: ops.map(encodeOperation)};
}

function encodeOperation(op: Op): Operation {
  const was = op.do === 'set' ? {was: encodeItem(op.was)} : {};
  return {do: op.do, item: encodeItem(op.item), ...was, text: formatOp(op)};
}

/** Of the firewall's table only what tells one version from another. */
function encodeItem(item: Item): Operation['item'] {
  if (item.kind !== 'table') return {...item};
  const {family, name, comment} = item.table;
  const told = {ns: item.ns, kind: item.kind, table: {family, name, comment}};
  return told;
}
