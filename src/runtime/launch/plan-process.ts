import {capabilityMask} from './capabilities.ts';
import type {LaunchOp} from './plan-launch.ts';
import type {LaunchConfinement, LaunchSettings, RunSpec} from './run-spec.ts';

/** Where Docker has it too. */
export const initTarget = '/sbin/docker-init';

/** How a container's first process gets its place, after it has its streams. */
export function placingOps({tty, cwd, isolation}: RunSpec): LaunchOp[] {
  return [
    ...(tty === null ? [] : ([['console']] as const)),
    ['cwd', cwd],
    ...(isolation.readonlyRootfs ? ([['seal']] as const) : []),
  ];
}

/** Of a container's first process and of every other; between them `placing`. What needs a capability comes before it goes. */
export function processOps(spec: RunSpec, placing: readonly LaunchOp[]): LaunchOp[] {
  const {tty, settings, confinement, env, args} = spec;
  const mask = capabilityMask(spec.capabilities);
  return [
    ['keyring'],
    ['umask', '022'],
    ...settingOps(settings),
    ...(tty === null ? [] : ([['tty', String(tty.width), String(tty.height)]] as const)),
    ...nullOps(spec),
    ...placing,
    ['cloexec'],
    ['bounding', mask],
    ['user', settings.user, ...settings.groups],
    ...confinementOps(confinement, mask),
    ['env', ...env],
    ['exec', ...(settings.initPath === null ? [] : [initTarget, '--']), ...args],
  ];
}

/** By descriptor. */
function nullOps({openStdin, silent, tty}: RunSpec): LaunchOp[] {
  const streams = [...(openStdin ? [] : ['0']), ...(silent ? ['1', '2'] : [])];
  return tty !== null || streams.length === 0 ? [] : [['null', ...streams]];
}

function settingOps({sysctls, rlimits, oomScoreAdj}: LaunchSettings): LaunchOp[] {
  return [
    ...sysctls.map(([path, value]) => ['sysctl', path, value] as const),
    ...(oomScoreAdj === null ? [] : ([['oomscore', `${oomScoreAdj}`]] as const)),
    ...rlimits.map(({resource, soft, hard}) => ['rlimit', `${resource}`, `${soft}`, `${hard}`] as const),
  ];
}

/**
 * The filter as late as it can be, since it counts for us too from then on: a profile need not allow what places a process.
 * With no_new_privs that is right before exec. Without it, loading takes CAP_SYS_ADMIN, so that all that is left is capset,
 * which only gives up: had it been refused, exec would still grant no more than the bounding set.
 */
function confinementOps({noNewPrivileges, seccomp}: LaunchConfinement, mask: string): LaunchOp[] {
  const capabilities: LaunchOp = ['capabilities', mask];
  const filter: LaunchOp[] = seccomp === null ? [] : [['seccomp', seccomp]];
  return noNewPrivileges ? [capabilities, ['nnp'], ...filter] : [...filter, capabilities];
}
