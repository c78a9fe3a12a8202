import test from 'ava';
import type {TnetError} from '../../../src/errors.ts';
import {type Limits, noLimits} from '../../../src/model/limits.ts';
import type {CgroupHost} from '../../../src/runtime/cgroup/host.ts';
import {cpuWeight, planLimits} from '../../../src/runtime/cgroup/plan.ts';

const mib = 1024 * 1024;
const names = ['cpu', 'cpuset', 'memory', 'pids'];
const v2: CgroupHost = {
  mode: 'v2',
  controllers: new Map([...names, 'io'].map(name => [name, '/sys/fs/cgroup'])),
  unified: '/sys/fs/cgroup',
};
const hybrid: CgroupHost = {
  mode: 'hybrid',
  controllers: new Map([...names, 'blkio'].map(name => [name, `/sys/fs/cgroup/${name}`])),
  unified: '/sys/fs/cgroup/unified',
};
const none: CgroupHost = {mode: 'none', controllers: new Map(), unified: null};

const written = (limits: Partial<Limits>, host: CgroupHost) =>
  planLimits({...noLimits, ...limits}, host, () => '8:0').map(({file, value}) => `${file} = ${value}`);

test('planLimits() writes nothing for no limits, on any machine', t => {
  for (const host of [v2, hybrid, none]) t.deepEqual(written({}, host), []);
  t.deepEqual(written({memoryBytes: 0, cpuShares: 0, cpuQuotaUs: 0, pidsLimit: 0}, none), []);
});

const rows: readonly (readonly [Partial<Limits>, readonly string[], readonly string[]])[] = [
  [{cpuShares: 1024}, ['cpu.shares = 1024'], ['cpu.weight = 100']],
  [{cpuShares: 1}, ['cpu.shares = 2'], ['cpu.weight = 1']],
  [{cpuShares: 999_999}, ['cpu.shares = 262144'], ['cpu.weight = 10000']],
  [{cpuQuotaUs: 20_000}, ['cpu.cfs_quota_us = 20000'], ['cpu.max = 20000 100000']],
  [{cpuPeriodUs: 50_000}, ['cpu.cfs_period_us = 50000'], ['cpu.max = max 50000']],
  [
    {cpuPeriodUs: 50_000, cpuQuotaUs: 25_000},
    ['cpu.cfs_period_us = 50000', 'cpu.cfs_quota_us = 25000'],
    ['cpu.max = 25000 50000'],
  ],
  [{cpuQuotaUs: -1}, ['cpu.cfs_quota_us = -1'], ['cpu.max = max 100000']],
  [
    {memoryBytes: 64 * mib},
    ['memory.limit_in_bytes = 67108864', 'memory.memsw.limit_in_bytes = 134217728'],
    ['memory.max = 67108864', 'memory.swap.max = 67108864'],
  ],
  [
    {memoryBytes: 64 * mib, memorySwapBytes: 64 * mib},
    ['memory.limit_in_bytes = 67108864', 'memory.memsw.limit_in_bytes = 67108864'],
    ['memory.max = 67108864', 'memory.swap.max = 0'],
  ],
  [
    {memoryBytes: 64 * mib, memorySwapBytes: 96 * mib},
    ['memory.limit_in_bytes = 67108864', 'memory.memsw.limit_in_bytes = 100663296'],
    ['memory.max = 67108864', 'memory.swap.max = 33554432'],
  ],
  [
    {memoryBytes: 64 * mib, memorySwapBytes: -1},
    ['memory.limit_in_bytes = 67108864', 'memory.memsw.limit_in_bytes = -1'],
    ['memory.max = 67108864', 'memory.swap.max = max'],
  ],
  [
    {cpusetCpus: '0-1', cpusetMems: '0'},
    ['cpuset.cpus = 0-1', 'cpuset.mems = 0'],
    ['cpuset.cpus = 0-1', 'cpuset.mems = 0'],
  ],
  [{memoryReservationBytes: 32 * mib}, ['memory.soft_limit_in_bytes = 33554432'], ['memory.low = 33554432']],
  [{blkioWeight: 500}, ['blkio.weight = 500'], ['io.bfq.weight = 500']],
  [
    {blkioWeightDevices: [{path: '/dev/x', value: 200}]},
    ['blkio.weight_device = 8:0 200'],
    ['io.bfq.weight = 8:0 200'],
  ],
  [
    {deviceReadBps: [{path: '/dev/x', value: 1024}], deviceWriteIops: [{path: '/dev/x', value: 7}]},
    ['blkio.throttle.read_bps_device = 8:0 1024', 'blkio.throttle.write_iops_device = 8:0 7'],
    ['io.max = 8:0 rbps=1024', 'io.max = 8:0 wiops=7'],
  ],
  [
    {deviceWriteBps: [{path: '/dev/x', value: 0}], deviceReadIops: [{path: '/dev/x', value: 9}]},
    ['blkio.throttle.write_bps_device = 8:0 0', 'blkio.throttle.read_iops_device = 8:0 9'],
    ['io.max = 8:0 wbps=max', 'io.max = 8:0 riops=9'],
  ],
  [{pidsLimit: 100}, ['pids.max = 100'], ['pids.max = 100']],
  [{pidsLimit: 0}, ['pids.max = max'], ['pids.max = max']],
  [{pidsLimit: -1}, ['pids.max = max'], ['pids.max = max']],
  [{pidsLimit: 4_194_305}, ['pids.max = max'], ['pids.max = max']],
];

for (const [limits, onV1, onV2] of rows) {
  test(`planLimits() for ${JSON.stringify(limits)} on v1 controllers`, t => {
    t.deepEqual(written(limits, hybrid), onV1);
  });
  test(`planLimits() for ${JSON.stringify(limits)} on v2 controllers`, t => {
    t.deepEqual(written(limits, v2), onV2);
  });
}

const onV1Alone: readonly (readonly [Partial<Limits>, string, string])[] = [
  [{cpuRtPeriodUs: 500_000}, 'cpu.rt_period_us = 500000', '--cpu-rt-period'],
  [{cpuRtRuntimeUs: 9000}, 'cpu.rt_runtime_us = 9000', '--cpu-rt-runtime'],
  [{memorySwappiness: 0}, 'memory.swappiness = 0', '--memory-swappiness'],
  [{oomKillDisable: true}, 'memory.oom_control = 1', '--oom-kill-disable'],
];

for (const [limits, onV1, option] of onV1Alone)
  test(`planLimits() refuses ${option} on v2, which has nothing like it`, t => {
    t.deepEqual(written(limits, hybrid), [onV1]);
    const error = t.throws<TnetError>(() => written(limits, v2));
    t.is(error?.code, 'ERR_UNSUPPORTED');
    t.true(error?.message.startsWith(`Cannot apply "${option}": cgroup v2 has no "${onV1.split(' ')[0]}"`));
  });

test('planLimits() knows where a weight goes without BFQ', t => {
  const [write] = planLimits({...noLimits, blkioWeight: 1000}, v2, () => '8:0');
  t.like(write?.instead, {file: 'io.weight', value: '10000'});
  const [old] = planLimits({...noLimits, blkioWeight: 1000}, hybrid, () => '8:0');
  t.like(old?.instead, {file: 'blkio.bfq.weight', value: '1000'});
});

test('planLimits() marks the swap limit that Docker adds unasked', t => {
  const origins = (limits: Partial<Limits>) =>
    planLimits({...noLimits, ...limits}, v2, () => '8:0').map(write => write.origin);
  t.deepEqual(origins({memoryBytes: 64 * mib}), ['asked', 'default']);
  t.deepEqual(origins({memoryBytes: 64 * mib, memorySwapBytes: -1}), ['asked', 'asked']);
});

test('planLimits() follows each controller to its own version', t => {
  const mixed: CgroupHost = {...hybrid, controllers: new Map([...hybrid.controllers, ['pids', hybrid.unified ?? '']])};
  t.deepEqual(written({cpuShares: 1024, pidsLimit: 5}, mixed), ['cpu.shares = 1024', 'pids.max = 5']);
});

const missing: readonly (readonly [Partial<Limits>, string, string])[] = [
  [{cpuShares: 512}, '--cpu-shares', 'cpu'],
  [{cpuQuotaUs: 50_000}, '--cpus or --cpu-quota', 'cpu'],
  [{cpuPeriodUs: 50_000}, '--cpu-period', 'cpu'],
  [{memoryBytes: 64 * mib}, '--memory', 'memory'],
  [{pidsLimit: 5}, '--pids-limit', 'pids'],
];

for (const [limits, option, controller] of missing)
  test(`planLimits() names ${option} and its controller where the machine has none`, t => {
    const error = t.throws<TnetError>(() => written(limits, none));
    t.is(error?.code, 'ERR_UNSUPPORTED');
    t.true(
      error?.message.startsWith(`Cannot apply "${option}": this machine offers no "${controller}" cgroup controller`),
    );
    t.regex(error?.message ?? '', /leave the option out$/);
  });

test('planLimits() tells a hybrid machine how to mount the controller', t => {
  const without: CgroupHost = {...hybrid, controllers: new Map()};
  t.throws(() => written({pidsLimit: 5}, without), {message: /mount -t cgroup -o pids pids \/sys\/fs\/cgroup\/pids/});
});

test('cpuWeight() goes through the ends and the default of both scales, and never falls', t => {
  t.deepEqual(
    [2, 512, 1024, 2048, 262_144].map(cpuWeight), // runc's own numbers
    [1, 59, 100, 174, 10_000],
  );
  for (let shares = 3; shares <= 262_144; shares += 97) t.true(cpuWeight(shares) >= cpuWeight(shares - 1));
});
