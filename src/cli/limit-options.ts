import {type Command, InvalidArgumentError} from 'commander';
import type {DeviceRate, LimitFields, LiveLimitFields} from '../api/engine-types.ts';
import {collect, given, parseCpus, parseInteger, parseSize, parseSwap} from './parse.ts';

/** What `update` changes too. */
export interface LiveLimitOptions {
  readonly cpus?: number;
  readonly cpuShares?: number;
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpuRtPeriod?: number;
  readonly cpuRtRuntime?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly memory?: number;
  readonly memorySwap?: number;
  readonly memoryReservation?: number;
  readonly pidsLimit?: number;
  readonly blkioWeight?: number;
}

export interface LimitOptions extends LiveLimitOptions {
  readonly memorySwappiness?: number;
  readonly oomKillDisable?: boolean;
  readonly blkioWeightDevice?: readonly string[];
  readonly deviceReadBps?: readonly string[];
  readonly deviceWriteBps?: readonly string[];
  readonly deviceReadIops?: readonly string[];
  readonly deviceWriteIops?: readonly string[];
}

export function liveLimitOptions(command: Command): Command {
  return command
    .option('--cpus <n>', 'CPU time, 0.5 is half of one CPU', parseCpus)
    .option('-c, --cpu-shares <n>', 'weight against other containers (1024)', parseInteger)
    .option('--cpu-period <µs>', 'length of a period', parseInteger)
    .option('--cpu-quota <µs>', 'CPU time in a period', parseInteger)
    .option('--cpu-rt-period <µs>', 'length of a realtime period (cgroup v1)', parseInteger)
    .option('--cpu-rt-runtime <µs>', 'realtime in it (cgroup v1)', parseInteger)
    .option('--cpuset-cpus <list>', 'CPUs to run on, as 0-2,5')
    .option('--cpuset-mems <list>', 'memory nodes to use, as 0')
    .option('-m, --memory <size>', 'memory, as 512m or 1g', parseSize)
    .option('--memory-swap <size>', 'memory and swap together, -1 is unlimited', parseSwap)
    .option('--memory-reservation <size>', 'memory it keeps when the host has little', parseSize)
    .option('--pids-limit <n>', 'number of processes', parseInteger)
    .option('--blkio-weight <n>', 'weight of block I/O, 10 to 1000', parseInteger);
}

export function createLimitOptions(command: Command): Command {
  return liveLimitOptions(command)
    .option('--memory-swappiness <n>', 'how readily it is swapped out, 0 to 100 (cgroup v1)', parseInteger)
    .option('--oom-kill-disable', 'let it wait for memory instead of killing it (cgroup v1)')
    .option('--blkio-weight-device <disk:n>', 'the weight on one disk (repeatable)', collect)
    .option('--device-read-bps <disk:size>', 'bytes read in a second, as /dev/sda:1mb (repeatable)', collect)
    .option('--device-write-bps <disk:size>', 'bytes written in a second (repeatable)', collect)
    .option('--device-read-iops <disk:n>', 'reads in a second (repeatable)', collect)
    .option('--device-write-iops <disk:n>', 'writes in a second (repeatable)', collect);
}

export function liveLimitsBody(options: LiveLimitOptions): LiveLimitFields {
  return {
    ...given('NanoCpus', options.cpus),
    ...given('CpuShares', options.cpuShares),
    ...given('CpuPeriod', options.cpuPeriod),
    ...given('CpuQuota', options.cpuQuota),
    ...given('CpuRealtimePeriod', options.cpuRtPeriod),
    ...given('CpuRealtimeRuntime', options.cpuRtRuntime),
    ...given('CpusetCpus', options.cpusetCpus),
    ...given('CpusetMems', options.cpusetMems),
    ...given('Memory', options.memory),
    ...given('MemorySwap', options.memorySwap),
    ...given('MemoryReservation', options.memoryReservation),
    ...given('PidsLimit', options.pidsLimit),
    ...given('BlkioWeight', options.blkioWeight),
  };
}

export function limitsBody(options: LimitOptions): LimitFields {
  const rates = (texts: readonly string[] | undefined, parse: (text: string) => number) =>
    texts?.map(text => parseRate(text, parse));
  const weights = options.blkioWeightDevice?.map(text => parseRate(text, parseInteger));
  return {
    ...liveLimitsBody(options),
    ...given('MemorySwappiness', options.memorySwappiness),
    ...given('OomKillDisable', options.oomKillDisable),
    ...given(
      'BlkioWeightDevice',
      weights?.map(({Path, Rate}) => ({Path, Weight: Rate})),
    ),
    ...given('BlkioDeviceReadBps', rates(options.deviceReadBps, parseSize)),
    ...given('BlkioDeviceWriteBps', rates(options.deviceWriteBps, parseSize)),
    ...given('BlkioDeviceReadIOps', rates(options.deviceReadIops, parseInteger)),
    ...given('BlkioDeviceWriteIOps', rates(options.deviceWriteIops, parseInteger)),
  };
}

/** `/dev/sda:1mb`. */
function parseRate(text: string, parse: (text: string) => number): DeviceRate {
  const at = text.lastIndexOf(':');
  const path = text.slice(0, at);
  if (at < 0 || !path.startsWith('/dev/'))
    throw new InvalidArgumentError(`bad device limit "${text}": want /dev/<disk>:<number>`);
  try {
    return {Path: path, Rate: parse(text.slice(at + 1))};
  } catch (error) {
    throw new InvalidArgumentError(`bad device limit "${text}": ${(error as Error).message}`);
  }
}
