import type {LabRecord} from '../labs.ts';
import type {CheckResult, LabResult} from '../results/result.ts';
import type {Scenario} from '../scenario/parse-scenario.ts';
import type {UpSpec} from '../up.ts';
import {explain} from './explain.ts';
import {probeOf} from './probe-of.ts';

/** A result with the way of the packet of the first failing check that sends one: guards first, then tasks as they come. */
export async function explainFirst(
  record: LabRecord,
  {scenario, result}: {readonly scenario: Scenario; readonly result: LabResult},
  parts: Pick<UpSpec, 'env' | 'tnet'>,
): Promise<LabResult> {
  const checks = [...scenario.guards, ...scenario.tasks.flatMap(task => task.checks)];
  const probes = new Map(checks.map(check => [check.id, probeOf(check)]));
  const looked = [...result.guards, ...result.tasks.flatMap(task => task.checks)];
  const first = looked.find(({id, status}) => status === 'fail' && probes.get(id));
  if (first === undefined) return result;
  const why = await explain(record, probes.get(first.id)!, parts);
  const explained = (each: CheckResult): CheckResult => (each.id === first.id ? {...each, why} : each);
  return {
    ...result,
    guards: result.guards.map(explained),
    tasks: result.tasks.map(task => ({...task, checks: task.checks.map(explained)})),
  };
}
