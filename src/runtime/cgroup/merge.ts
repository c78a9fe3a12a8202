import {TnetError} from '../../errors.ts';
import type {Limits} from '../../model/limits.ts';
import {isSet} from './limits.ts';

/** What `update` may change: a limit that is not named stays. The unlimited ones are said by -1. */
export type LimitsChange = Partial<Limits>;

/** Docker's rules for what may be changed while what is set (moby container_unix.go, UpdateContainer), in its words. */
export function mergeLimits(now: Limits, change: LimitsChange): Limits {
  refuseMixedCpu(now, change);
  const merged = {...now, ...change};
  const {memoryBytes, memorySwapBytes} = merged;
  if (!isSet(memoryBytes) || change.memoryBytes === undefined) return merged;
  if (!isSet(memorySwapBytes)) return {...merged, memorySwapBytes: 2 * memoryBytes};
  if (change.memorySwapBytes === undefined && memorySwapBytes !== -1 && memoryBytes > memorySwapBytes)
    refuse('Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time');
  return merged;
}

/** `--cpus` and period with quota are two ways to say one thing: once said, it is changed in the same way. */
function refuseMixedCpu(now: Limits, change: LimitsChange): void {
  const mixed = (mine: string, theirs: string) =>
    refuse(`Conflicting options: ${mine} cannot be updated as ${theirs} has already been set`);
  if (isSet(change.nanoCpus ?? null)) {
    if (now.nanoCpus === null && isSet(now.cpuPeriodUs)) mixed('Nano CPUs', 'CPU Period');
    if (now.nanoCpus === null && isSet(now.cpuQuotaUs)) mixed('Nano CPUs', 'CPU Quota');
    return;
  }
  if (now.nanoCpus === null) return;
  if (isSet(change.cpuPeriodUs ?? null)) mixed('CPU Period', 'NanoCPUs');
  if (isSet(change.cpuQuotaUs ?? null)) mixed('CPU Quota', 'NanoCPUs');
}

function refuse(message: string): never {
  throw new TnetError('ERR_CONFLICT', message);
}
