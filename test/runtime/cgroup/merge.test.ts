import test from 'ava';
import type {TnetError} from '../../../src/errors.ts';
import {type Limits, noLimits} from '../../../src/model/limits.ts';
import {mergeLimits} from '../../../src/runtime/cgroup/merge.ts';
import {inOrder} from '../../../src/runtime/cgroup/update.ts';

const mib = 1024 * 1024;
const merged = (now: Partial<Limits>, change: Partial<Limits>) => mergeLimits({...noLimits, ...now}, change);

test('mergeLimits() keeps what is not named', t => {
  t.like(merged({cpuShares: 5, memoryBytes: 64 * mib, memorySwapBytes: 128 * mib}, {pidsLimit: 7}), {
    cpuShares: 5,
    memoryBytes: 64 * mib,
    pidsLimit: 7,
  });
});

test('mergeLimits() gives as much swap as memory to a container that had no limit, as create does', t => {
  t.like(merged({}, {memoryBytes: 64 * mib}), {memorySwapBytes: 128 * mib});
  t.like(merged({memorySwapBytes: -1}, {memoryBytes: 64 * mib}), {memorySwapBytes: -1});
});

const refused: readonly (readonly [Partial<Limits>, Partial<Limits>, RegExp])[] = [
  [
    {memoryBytes: 6 * mib, memorySwapBytes: 12 * mib},
    {memoryBytes: 13 * mib},
    /update the memoryswap at the same time$/,
  ],
  [{cpuPeriodUs: 5000}, {nanoCpus: 1e9}, /^Conflicting options: Nano CPUs cannot be updated as CPU Period has already/],
  [{cpuQuotaUs: 5000}, {nanoCpus: 1e9}, /^Conflicting options: Nano CPUs cannot be updated as CPU Quota has already/],
  [{nanoCpus: 1e9}, {cpuPeriodUs: 5000}, /^Conflicting options: CPU Period cannot be updated as NanoCPUs has already/],
  [{nanoCpus: 1e9}, {cpuQuotaUs: 5000}, /^Conflicting options: CPU Quota cannot be updated as NanoCPUs has already/],
];

for (const [now, change, message] of refused)
  test(`mergeLimits() refuses ${JSON.stringify(change)} after ${JSON.stringify(now)}`, t => {
    const error = t.throws<TnetError>(() => merged(now, change));
    t.is(error?.code, 'ERR_CONFLICT');
    t.regex(error?.message ?? '', message);
  });

test('inOrder() never lets v1 see a memory limit above that of memory and swap', t => {
  const write = (file: string, value: number) =>
    ({controller: 'memory', file, value: String(value), option: '', origin: 'asked'}) as const;
  const limit = 'memory.limit_in_bytes';
  const total = 'memory.memsw.limit_in_bytes';
  const order = (to: readonly [number, number], was: number) =>
    inOrder([write('pids.max', 1), write(limit, to[0]), write(total, to[1])], () => String(was)).map(({file}) => file);
  t.deepEqual(order([100, 200], 50), [total, 'pids.max', limit]);
  t.deepEqual(order([10, 20], 50), ['pids.max', limit, total]);
  t.deepEqual(order([50, 200], 50), ['pids.max', limit, total]);
});
