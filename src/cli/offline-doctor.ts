import type {DoctorReport, FindingJson} from '../api/doctor-types.ts';
import type {Roots} from '../api/roots.ts';
import {runToEnd} from '../api/run-to-end.ts';
import {daemonScript} from './connect.ts';

/** Lets the daemon's program look at the host without serving: settings and leftovers, not what is intended. Nothing found when it cannot. */
export async function examineAlone(
  {root, runRoot}: Roots,
  env: Readonly<Record<string, string | undefined>>,
  reason: string,
): Promise<DoctorReport> {
  const none: DoctorReport = {Healthy: false, Findings: [], Incomplete: reason};
  const output = await runToEnd([daemonScript(), '--examine', '--root', root, '--run-root', runRoot], env);
  try {
    return {...none, Findings: JSON.parse(output) as readonly FindingJson[]};
  } catch {
    return none;
  }
}
