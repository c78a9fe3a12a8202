import type {DoctorMended, DoctorReport} from '../../api/doctor-types.ts';
import {isHealthy} from '../../network/doctor/examine.ts';
import {isDryRun} from '../dry-run.ts';
import {encodeOperations} from '../encode-operations.ts';
import type {ServerParts} from '../parts.ts';
import {json, type Reply} from '../reply.ts';
import type {Call, Route} from '../route.ts';

export function doctorRoutes(parts: ServerParts): readonly Route[] {
  return [
    {method: 'GET', path: '/tnet/doctor', handle: async () => json(await report(parts))},
    {method: 'POST', path: '/tnet/doctor', handle: call => mend(parts, call)},
  ];
}

async function report({doctor}: ServerParts): Promise<DoctorReport> {
  const findings = await doctor.examine();
  return {Healthy: isHealthy(findings), Findings: findings};
}

async function mend(parts: ServerParts, {query}: Call): Promise<Reply> {
  if (isDryRun(query)) return json(encodeOperations(await parts.preview(({controller}) => controller.repair())));
  const done = await parts.doctor.mend();
  const mended: DoctorMended = {...(await report(parts)), Done: done};
  return json(mended);
}
