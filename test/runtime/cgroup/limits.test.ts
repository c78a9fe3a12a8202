import test from 'ava';
import type {TnetError} from '../../../src/errors.ts';
import {type Limits, noLimits} from '../../../src/model/limits.ts';
import {validateLimits} from '../../../src/runtime/cgroup/limits.ts';

const mib = 1024 * 1024;

const accepted: readonly Partial<Limits>[] = [
  {},
  {memoryBytes: 0, memorySwapBytes: 0, cpuPeriodUs: 0, cpuQuotaUs: 0, pidsLimit: 0},
  {memoryBytes: 6 * mib},
  {memoryBytes: 64 * mib, memorySwapBytes: 64 * mib},
  {memoryBytes: 64 * mib, memorySwapBytes: -1},
  {memorySwapBytes: -1},
  {cpuPeriodUs: 1000, cpuQuotaUs: 1000},
  {cpuPeriodUs: 1_000_000, cpuQuotaUs: -1},
  {cpuShares: 1},
  {cpuShares: 1_000_000},
  {pidsLimit: -1},
];

for (const limits of accepted)
  test(`validateLimits() accepts ${JSON.stringify(limits)}`, t => {
    t.notThrows(() => validateLimits({...noLimits, ...limits}));
  });

const swapTooSmall = 'Minimum memoryswap limit should be larger than memory limit, see usage';
const swapAlone = 'You should always set the Memory limit when using Memoryswap limit, see usage';
const badPeriod = 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)';
const refused: readonly (readonly [Partial<Limits>, string])[] = [
  [{memoryBytes: 6 * mib - 1}, 'Minimum memory limit allowed is 6MB'],
  [{memoryBytes: -1}, 'Minimum memory limit allowed is 6MB'],
  [{memoryBytes: 64 * mib, memorySwapBytes: 63 * mib}, swapTooSmall],
  [{memorySwapBytes: 64 * mib}, swapAlone],
  [{memoryBytes: 64 * mib, memorySwapBytes: -2}, 'Invalid memory swap value: -2. Use -1 for unlimited swap'],
  [{cpuPeriodUs: 999}, badPeriod],
  [{cpuPeriodUs: 1_000_001}, badPeriod],
  [{cpuQuotaUs: 999}, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [{memoryReservationBytes: 1}, 'Minimum memory reservation allowed is 6MB'],
  [
    {memoryBytes: 8 * mib, memoryReservationBytes: 9 * mib},
    'Minimum memory limit can not be less than memory reservation limit, see usage',
  ],
  [{memorySwappiness: 101}, 'Invalid value: 101, valid memory swappiness range is 0-100'],
  [{nanoCpus: 1}, 'Range of CPUs is from 0.01'],
  [{cpuRtPeriodUs: 5, cpuRtRuntimeUs: 6}, 'cpu real-time runtime cannot be higher than cpu real-time period'],
  [{cpusetCpus: '1-0'}, 'Invalid value 1-0 for cpuset cpus'],
  [{cpusetMems: 'x'}, 'Invalid value x for cpuset mems'],
  [{blkioWeight: 9}, 'Range of blkio weight is from 10 to 1000'],
  [{blkioWeightDevices: [{path: '/dev/x', value: 1001}]}, 'Range of blkio weight is from 10 to 1000: "/dev/x:1001"'],
  [{deviceReadBps: [{path: 'x', value: 1}]}, 'bad format for device path: "x"'],
  [{pidsLimit: 1.5}, 'invalid pidsLimit 1.5: want a whole number'],
];

for (const [limits, message] of refused)
  test(`validateLimits() refuses ${JSON.stringify(limits)}`, t => {
    const error = t.throws<TnetError>(() => validateLimits({...noLimits, ...limits}));
    t.is(error?.code, 'ERR_BAD_REQUEST');
    t.is(error?.message, message);
  });
