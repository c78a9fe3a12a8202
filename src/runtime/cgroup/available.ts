import {readFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {join} from 'node:path';
import {TnetError} from '../../errors.ts';
import type {Limits} from '../../model/limits.ts';
import {blockDeviceNumber} from './block-device.ts';
import type {CgroupHost} from './host.ts';
import {isSet, validateLimits} from './limits.ts';
import {parseList} from './list.ts';
import {planLimits} from './plan.ts';
import {isV2} from './write.ts';

/**
 * Whether this machine can keep `limits`, in Docker's words where it has some: CPUs and memory nodes that are not there,
 * disks, controllers. ERR_BAD_REQUEST, ERR_UNSUPPORTED. What only the kernel knows is said when they are written.
 */
export function checkLimits(limits: Limits, host: CgroupHost): void {
  validateLimits(limits);
  planLimits(limits, host, blockDeviceNumber);
  checkCpus(limits.nanoCpus);
  if (limits.cpusetCpus) checkMembers(limits.cpusetCpus, {what: 'CPUs', file: 'cpuset.cpus', host});
  if (limits.cpusetMems) checkMembers(limits.cpusetMems, {what: 'memory nodes', file: 'cpuset.mems', host});
}

function checkCpus(nanoCpus: number | null): void {
  const count = cpus().length;
  if (!isSet(nanoCpus) || nanoCpus <= count * 1e9) return;
  throw new TnetError(
    'ERR_BAD_REQUEST',
    `range of CPUs is from 0.01 to ${count}.00, as there are only ${count} CPUs available`,
  );
}

interface Members {
  readonly what: string;
  readonly file: string;
  readonly host: CgroupHost;
}

/** v2 takes CPUs that are not there without a word, and lets the container run anywhere. */
function checkMembers(wanted: string, {what, file, host}: Members): void {
  const root = host.controllers.get('cpuset') ?? '';
  const available = readFileSync(join(root, isV2(host, 'cpuset') ? `${file}.effective` : file), 'utf8').trim();
  const there = parseList(available) ?? [];
  if (parseList(wanted)?.every(member => there.includes(member))) return;
  throw new TnetError(
    'ERR_BAD_REQUEST',
    `Requested ${what} are not available - requested ${wanted}, available: ${available}`,
  );
}
