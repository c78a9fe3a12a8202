import {diff, toWorld, type World} from '../kernel/diff.ts';
import type {Item, Op} from '../kernel/item.ts';
import type {State} from '../model/state.ts';
import type {Firewall} from './firewall/renderer.ts';
import {type readOurs, withoutDevices} from './foreign.ts';
import {repairScope} from './intact.ts';
import {planHost} from './plan.ts';

/** What makes the host as the store says. `look` reads what is there of what is planned, the rules of iptables included. */
export function planRepair(
  state: State,
  firewall: Firewall,
  look: (planned: readonly Item[]) => ReturnType<typeof readOurs>,
): readonly Op[] {
  const whole = look(planHost(state, firewall));
  const {items, actual}: {items: readonly Item[]; actual: World} =
    whole.foreign.size === 0 ? whole : look(planHost(withoutDevices(state, whole.foreign), firewall));
  const scope = repairScope(items, actual);
  const ops = diff(scope.actual, toWorld(scope.items)).map(overRoute);
  return [...scope.halfMade.map((item): Op => ({do: 'del', item})), ...ops];
}

/** A detach that was cut off may have led a sandbox out another way already: its routes are not read, so they are replaced. */
function overRoute(op: Op): Op {
  const inside = op.do === 'add' && op.item.kind === 'route' && op.item.ns !== '';
  return inside ? {do: 'set', item: op.item, was: op.item} : op;
}
