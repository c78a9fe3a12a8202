import type {Command} from 'commander';
import {down} from '../../lab/down.ts';
import type {LabRecord} from '../../lab/labs.ts';
import type {Context} from '../context.ts';
import {chooseLab, labsOf} from './lab-context.ts';

export function registerDown(lab: Command, context: Context): void {
  lab
    .command('down')
    .description('end labs: processes, links, namespaces, mounts')
    .argument('[name...]', 'labs')
    .option('-a, --all', 'every lab')
    .option('--force', 'a lab that is not there is no failure')
    .action(async (names: readonly string[], {all, force}: {all?: boolean; force?: boolean}) => {
      const labs = labsOf(context);
      const chosen = all ? labs.list() : names.length > 0 ? [] : [chooseLab(context, {})];
      for (const name of names) {
        const record = labs.find(name);
        if (record !== null) await endOne(context, record);
        else if (!force) context.fail(`no lab "${name}"`);
      }
      for (const record of chosen) await endOne(context, record);
    });
}

async function endOne(context: Context, record: LabRecord): Promise<void> {
  await down(labsOf(context), record);
  context.print(record.name);
}
