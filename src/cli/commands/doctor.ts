import type {Command} from 'commander';
import type {DoctorMended, DoctorReport} from '../../api/doctor-types.ts';
import {connect} from '../connect.ts';
import type {Context} from '../context.ts';
import {type DryRunOptions, printDryRun} from '../dry-run.ts';
import {describeError} from '../failure.ts';
import {formatReport} from '../format-report.ts';
import {examineAlone} from '../offline-doctor.ts';

interface DoctorOptions extends DryRunOptions {
  readonly fix?: boolean;
}

const after = `
Exit code: 0 healthy (notes are no illness), 1 something was found (with --fix: is left), 2 it could not look at everything.

Examples:
  tnet doctor
  tnet doctor --fix --dry-run
  tnet doctor --fix`;

export function registerDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .description('compare the host with what is wanted, and say what is wrong and what to do')
    .option('--fix', 'repair what is ours to repair')
    .option('--dry-run', 'with --fix: print what would be done, and do nothing')
    .option('--json', 'as JSON')
    .addHelpText('after', after)
    .action(async (options: DoctorOptions) => {
      try {
        await examine(options, context);
      } catch (error) {
        await alone(describeError(error), options, context);
      }
    });
}

async function examine({fix, dryRun, json}: DoctorOptions, context: Context): Promise<void> {
  const client = await connect(context.roots(), context.io);
  const request = {method: fix ? 'POST' : 'GET', path: '/tnet/doctor'} as const;
  if (fix && dryRun) return printDryRun(client, [request], {json, context});
  const report = await client.call<DoctorReport | DoctorMended>(request.method, request.path);
  context.print(json ? JSON.stringify(report) : formatReport(report, context.io.stdout));
  context.exitWith(report.Healthy ? 0 : 1);
}

/** Without a daemon: what can be seen all the same. */
async function alone(reason: string, {json}: DoctorOptions, context: Context): Promise<void> {
  const report = await examineAlone(context.roots(), context.io.env, reason);
  if (json) context.print(JSON.stringify(report));
  else {
    context.io.stderr.write(`tnet: could not look at everything: ${reason}\n`);
    if (report.Findings.length > 0) context.print(formatReport(report, context.io.stdout));
  }
  context.exitWith(2);
}
