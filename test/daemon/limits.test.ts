import test from 'ava';
import {createClient} from '../../src/api/client.ts';
import type {ContainerStats, ContainerTop} from '../../src/api/container-stats-types.ts';
import {decodeContainer} from '../../src/daemon/decode-container.ts';
import {decodeUpdate} from '../../src/daemon/decode-update.ts';
import {encodeLimits} from '../../src/daemon/encode-limits.ts';
import {parseCpuTime} from '../../src/daemon/host-usage.ts';
import type {TnetError} from '../../src/errors.ts';
import {noLimits} from '../../src/model/limits.ts';
import {serveFake} from './serve-fake.ts';

const everything = {
  CpuShares: 512,
  CpuPeriod: 50_000,
  CpuQuota: 25_000,
  NanoCpus: 0,
  CpuRealtimePeriod: 1_000_000,
  CpuRealtimeRuntime: 9000,
  CpusetCpus: '0-1',
  CpusetMems: '0',
  Memory: 64e6,
  MemorySwap: 128e6,
  MemoryReservation: 32e6,
  MemorySwappiness: 0,
  OomKillDisable: true,
  PidsLimit: 7,
  BlkioWeight: 300,
  BlkioWeightDevice: [{Path: '/dev/x', Weight: 200}],
  BlkioDeviceReadBps: [{Path: '/dev/x', Rate: 1}],
  BlkioDeviceWriteBps: [{Path: '/dev/x', Rate: 2}],
  BlkioDeviceReadIOps: [{Path: '/dev/x', Rate: 3}],
  BlkioDeviceWriteIOps: [{Path: '/dev/x', Rate: 4}],
};

test('every limit that create takes is what inspect shows', t => {
  const {limits} = decodeContainer({Image: 'host', HostConfig: everything}).config;
  t.deepEqual(encodeLimits(limits), everything);
  const cpus = decodeContainer({Image: 'host', HostConfig: {NanoCpus: 25e7}}).config.limits;
  t.like(encodeLimits(cpus), {NanoCpus: 25e7, CpuPeriod: 0, CpuQuota: 0});
  t.like(cpus, {cpuPeriodUs: 100_000, cpuQuotaUs: 25_000});
});

test('decodeContainer() warns of a disabled OOM killer without a limit, as Docker', t => {
  const warnings = (host: object) => decodeContainer({Image: 'host', HostConfig: host}).warnings.length;
  t.is(warnings({OomKillDisable: true}), 1);
  t.is(warnings({OomKillDisable: true, Memory: 64e6}), 0);
});

/** What docker 28.2.2 sends for `docker update --cpus 0.5 --pids-limit 0 web`, besides empty fields. */
test('decodeUpdate() takes what is named alone', t => {
  const body = {
    NanoCpus: 500_000_000,
    PidsLimit: 0,
    Memory: 0,
    MemorySwappiness: -1,
    BlkioWeightDevice: [],
    RestartPolicy: {Name: '', MaximumRetryCount: 0},
  };
  t.deepEqual(decodeUpdate(body).limits, {
    cpuPeriodUs: 100_000,
    cpuQuotaUs: 50_000,
    nanoCpus: 500_000_000,
    pidsLimit: 0,
  });
  t.deepEqual(decodeUpdate({CpuQuota: -1, MemorySwap: -1}).limits, {cpuQuotaUs: -1, memorySwapBytes: -1});
  t.deepEqual(decodeUpdate({}), {limits: {}, restart: null});
  t.deepEqual(decodeUpdate({RestartPolicy: {Name: 'on-failure', MaximumRetryCount: 3}}).restart, {
    name: 'on-failure',
    maxRetries: 3,
  });
});

for (const body of [
  {OomKillDisable: true},
  {MemorySwappiness: 5},
  {BlkioDeviceReadBps: [{Path: '/dev/x', Rate: 1}]},
  {CgroupParent: '/x'},
])
  test(`decodeUpdate() refuses ${JSON.stringify(body)} by name`, t => {
    const error = t.throws<TnetError>(() => decodeUpdate(body));
    t.is(error?.code, 'ERR_UNSUPPORTED');
    t.true(error?.message.startsWith(Object.keys(body)[0]!));
  });

test('parseCpuTime() adds up what Docker adds up', t => {
  const stat = 'cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\ncpu1 0 0 0 0 0 0 0 0 0 0\nintr 5\n';
  t.deepEqual(parseCpuTime(stat), {cpuNs: 28e7, cpus: 2});
});

test('GET stats answers once, twice for rates, or line by line; update, pause and top do as Docker', async t => {
  const daemon = await serveFake();
  const client = createClient(daemon.socket);
  const config = decodeContainer({Image: 'host', Cmd: ['sleep']}).config;
  const {id} = await daemon.engine.create(config, 'web');
  const stats = (query: object) => client.call<ContainerStats>('GET', '/containers/web/stats', {query: {...query}});
  t.like(await stats({stream: '0'}), {name: '/web', id, read: '0001-01-01T00:00:00Z', pids_stats: {}});
  await daemon.engine.start('web');
  t.like(await stats({stream: '0', 'one-shot': '1'}), {
    preread: '0001-01-01T00:00:00Z',
    pids_stats: {current: 3},
    memory_stats: {usage: 10 * 2 ** 20, limit: 64 * 2 ** 20},
  });
  const {cpu_stats: now, precpu_stats: before, networks} = await stats({stream: '0'});
  t.true(now.cpu_usage.total_usage > before.cpu_usage.total_usage && before.cpu_usage.total_usage > 0);
  t.deepEqual(Object.keys(networks ?? {}), ['eth0']);
  const lines = await client.stream('GET', '/containers/web/stats');
  for await (const line of lines) {
    t.is((JSON.parse(String(line)) as ContainerStats).name, '/web');
    break;
  }
  const top = await client.call<ContainerTop>('GET', '/containers/web/top', {query: {ps_args: '-o pid,args'}});
  t.deepEqual(top.Titles, ['PID', 'COMMAND']);
  t.is(top.Processes[0]?.[0], String(process.pid));
  t.deepEqual(await client.call('POST', '/containers/web/update', {body: {PidsLimit: 5}}), {Warnings: null});
  t.like(daemon.engine.get('web').config.limits, {...noLimits, pidsLimit: 5});
  await client.call('POST', '/containers/web/pause');
  t.like(await client.call('GET', '/containers/web/json'), {State: {Status: 'paused', Running: true, Paused: true}});
  t.like(await client.call('GET', '/info'), {ContainersRunning: 0, ContainersPaused: 1, ContainersStopped: 0});
  await client.call('POST', '/containers/web/unpause');
  t.like(await client.call('GET', '/containers/web/json'), {State: {Status: 'running', Paused: false}});
  await daemon.close();
});
