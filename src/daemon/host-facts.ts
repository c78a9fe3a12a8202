import {existsSync, readFileSync} from 'node:fs';
import {cpus, hostname, release, totalmem} from 'node:os';
import {detectCgroups, type LimitSupport, limitSupport} from '../runtime/cgroup/cgroup.ts';

/** What clients are told of the machine. Read once: none of it changes while a daemon runs. */
export interface HostFacts {
  readonly hostname: string;
  readonly kernel: string;
  readonly operatingSystem: string;
  /** As `uname -m`. */
  readonly machine: string;
  /** As Go calls it. */
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly cgroupVersion: '1' | '2';
  readonly limits: LimitSupport;
  readonly ipv4Forwarding: boolean;
}

export function readHostFacts(): HostFacts {
  const arm = process.arch === 'arm64';
  return {
    hostname: hostname(),
    kernel: release(),
    operatingSystem: readOsName(),
    machine: arm ? 'aarch64' : 'x86_64',
    architecture: arm ? 'arm64' : 'amd64',
    cpus: cpus().length,
    memoryBytes: totalmem(),
    // The root of a unified hierarchy has this file, that of v1 and hybrid has not: cgroups(7).
    cgroupVersion: existsSync('/sys/fs/cgroup/cgroup.controllers') ? '2' : '1',
    limits: limitSupport(detectCgroups()),
    ipv4Forwarding: readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() === '1',
  };
}

/** PRETTY_NAME of os-release(5). */
function readOsName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}
