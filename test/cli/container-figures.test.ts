import test from 'ava';
import type {ContainerStats, CpuStats} from '../../src/api/container-stats-types.ts';
import {containerFigures, cpuPercent, memoryUsed} from '../../src/cli/container-figures.ts';
import {formatMemory} from '../../src/cli/format-units.ts';

const cpu = (used: number, system: number): CpuStats => ({
  cpu_usage: {total_usage: used, usage_in_kernelmode: 0, usage_in_usermode: used},
  system_cpu_usage: system,
  online_cpus: 2,
  throttling_data: {periods: 0, throttled_periods: 0, throttled_time: 0},
});

const stats: ContainerStats = {
  name: '/web',
  id: 'f'.repeat(64),
  read: '',
  preread: '',
  num_procs: 0,
  storage_stats: {},
  cpu_stats: cpu(3e9, 12e9),
  precpu_stats: cpu(0, 0),
  memory_stats: {usage: 10 * 2 ** 20, limit: 64 * 2 ** 20, stats: {inactive_file: 2 * 2 ** 20}},
  pids_stats: {current: 3},
  blkio_stats: {
    io_service_bytes_recursive: [
      {major: 8, minor: 0, op: 'Read', value: 4096},
      {major: 8, minor: 0, op: 'write', value: 2e6},
      {major: 8, minor: 0, op: 'Total', value: 9},
    ],
  },
};

test('cpuPercent() is 100 for one whole CPU, 0 for a clock that stands', t => {
  t.is(cpuPercent(cpu(3e9, 12e9), cpu(2e9, 10e9)), 100);
  t.is(cpuPercent(cpu(3e9, 10e9), cpu(2e9, 10e9)), 0);
  t.is(cpuPercent(cpu(1e9, 12e9), cpu(2e9, 10e9)), 0, 'it was started again');
});

test('memoryUsed() leaves out idle cache, in the words of v1 and of v2', t => {
  t.is(memoryUsed({usage: 100, stats: {inactive_file: 30}}), 70);
  t.is(memoryUsed({usage: 100, stats: {inactive_file: 30, total_inactive_file: 40}}), 60);
  t.is(memoryUsed({usage: 100, stats: {inactive_file: 300}}), 100);
});

test('containerFigures() has Docker’s names and figures', t => {
  const before = {...stats, cpu_stats: cpu(2e9, 10e9)};
  t.deepEqual(
    containerFigures(stats, before, id => id.slice(0, 4)),
    {
      Container: 'ffff',
      ID: 'ffff',
      Name: 'web',
      CPUPerc: '100.00%',
      MemUsage: '8MiB / 64MiB',
      MemPerc: '12.50%',
      NetIO: '0B / 0B',
      BlockIO: '4.1kB / 2MB',
      PIDs: '3',
    },
  );
  const stopped = {...stats, memory_stats: {}, pids_stats: {}};
  t.like(
    containerFigures(stopped, undefined, id => id),
    {CPUPerc: '--', MemUsage: '-- / --', PIDs: '--'},
  );
});

test('formatMemory() shows four digits and powers of 1024', t => {
  t.deepEqual([0, 1023, 1024, 1_048_575, 2_087_321_600].map(formatMemory), ['0B', '1023B', '1KiB', '1MiB', '1.944GiB']);
});
