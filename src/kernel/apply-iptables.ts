import type {ApplyParts} from './apply.ts';
import {parseSaved, restoreText} from './iptables-text.ts';
import type {IptablesRuleItem, Op} from './item.ts';

/** One table of one family: one `iptables-restore`. What stands there matters only to the frame. */
export async function applyIptables({iptables}: Pick<ApplyParts, 'iptables'>, step: readonly Op[]): Promise<void> {
  const {family, table} = step[0]!.item as IptablesRuleItem;
  const framed = step.some(({item}) => item.kind === 'iptables-chains');
  const saved = framed ? parseSaved(await iptables.save(family)).get(table) : undefined;
  await iptables.restore(family, restoreText(step, saved));
}
