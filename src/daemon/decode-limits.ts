import * as v from 'valibot';
import type {Limits} from '../model/container.ts';
import {badRequest} from './failure.ts';
import {integer, natural, orNull} from './validate.ts';

const periodUs = 100_000;
const mebibyte = 1024 * 1024;

export const limitFields = {
  CpuShares: orNull(natural),
  CpuPeriod: orNull(natural),
  CpuQuota: orNull(integer),
  NanoCpus: orNull(natural),
  Memory: orNull(natural),
  MemorySwap: orNull(integer),
  PidsLimit: orNull(integer),
};

const schema = v.object(limitFields);
type LimitFields = v.InferOutput<typeof schema>;

/** Docker's checks in Docker's words (moby daemon/daemon_unix.go, verifyPlatformContainerResources); 0 is "no limit". */
export function decodeLimits(fields: LimitFields): Limits {
  checkCpu(fields);
  checkMemory(fields);
  const {periodUs: cpuPeriodUs, quotaUs: cpuQuotaUs} = cpuTime(fields);
  return {
    cpuShares: fields.CpuShares || null,
    cpuPeriodUs,
    cpuQuotaUs,
    memoryBytes: fields.Memory || null,
    memorySwapBytes: swapBytes(fields),
    pidsLimit: (fields.PidsLimit ?? 0) > 0 ? fields.PidsLimit! : null,
  };
}

/** `--cpus 0.5` is half of every period. */
function cpuTime({NanoCpus, CpuPeriod, CpuQuota}: LimitFields): {periodUs: number | null; quotaUs: number | null} {
  if (NanoCpus) return {periodUs, quotaUs: Math.round((NanoCpus * periodUs) / 1e9)};
  return {periodUs: CpuPeriod || null, quotaUs: (CpuQuota ?? 0) > 0 ? CpuQuota! : null};
}

/** Docker gives as much swap as memory when only memory was named. */
function swapBytes({Memory, MemorySwap}: LimitFields): number | null {
  if (MemorySwap) return MemorySwap;
  return Memory ? Memory * 2 : null;
}

function checkCpu({NanoCpus, CpuPeriod, CpuQuota}: LimitFields): void {
  if (NanoCpus && CpuPeriod) throw badRequest('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (NanoCpus && CpuQuota) throw badRequest('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  if (NanoCpus && NanoCpus < 10_000_000) throw badRequest('Range of CPUs is from 0.01');
  if (CpuPeriod && (CpuPeriod < 1000 || CpuPeriod > 1_000_000)) {
    throw badRequest('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (CpuQuota && CpuQuota > 0 && CpuQuota < 1000)
    throw badRequest('CPU cfs quota can not be less than 1ms (i.e. 1000)');
}

function checkMemory({Memory, MemorySwap}: LimitFields): void {
  if (Memory && Memory < 6 * mebibyte) throw badRequest('Minimum memory limit allowed is 6MB');
  if (MemorySwap && MemorySwap < -1) throw badRequest(`invalid memory swap limit ${MemorySwap}`);
  if (MemorySwap && MemorySwap > 0 && !Memory)
    throw badRequest('You should always set the Memory limit when using Memoryswap limit, see usage');
  if (Memory && MemorySwap && MemorySwap > 0 && MemorySwap < Memory) {
    throw badRequest('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
}
