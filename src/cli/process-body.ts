import {readFileSync} from 'node:fs';
import type {Command} from 'commander';
import type {ContainerCreate} from '../api/engine-types.ts';
import {parseDeviceRule} from '../model/device-rule.ts';
import {collect, parseInteger, parsePairs, parseSize} from './parse.ts';

/** Options of `tnet run` about the process itself, as commander leaves them. */
export interface ProcessOptions {
  readonly user?: string;
  readonly groupAdd?: readonly string[];
  readonly entrypoint?: string;
  readonly init?: boolean;
  readonly ulimit?: readonly string[];
  readonly sysctl?: readonly string[];
  readonly shmSize?: number;
  readonly oomScoreAdj?: number;
  readonly device?: readonly string[];
  readonly deviceCgroupRule?: readonly string[];
  readonly securityOpt?: readonly string[];
}

export function processOptions(command: Command): Command {
  return command
    .option('-u, --user <name|uid[:group|gid]>', "by the container's own /etc/passwd and /etc/group")
    .option('--group-add <group>', 'another group of the process (repeatable)', collect)
    .option('--entrypoint <command>', 'what is run; the command becomes its arguments')
    .option('--init', 'run a small pid 1 that reaps processes and forwards signals')
    .option('--ulimit <name=soft[:hard]>', 'limit of the process, -1 is none (repeatable)', collect)
    .option('--sysctl <name=value>', 'kernel parameter of a namespace of its own (repeatable)', collect)
    .option('--shm-size <size>', 'size of /dev/shm (64m)', parseSize)
    .option('--oom-score-adj <n>', 'whom the kernel kills first when memory is out, -1000 to 1000', parseInteger)
    .option(
      '--device <path[:path[:rwm]]>',
      'device of the host, or a directory of them; read, write, mknod (repeatable)',
      collect,
    )
    .option('--device-cgroup-rule <rule>', "devices it may make and use, as 'c 42:* rwm' (repeatable)", collect)
    .option('--security-opt <option>', 'no-new-privileges, seccomp=<file>, seccomp=unconfined (repeatable)', collect);
}

type HostConfig = ContainerCreate['HostConfig'];

export interface ProcessBody {
  readonly config: Pick<ContainerCreate, 'User' | 'Entrypoint'>;
  readonly host: Pick<
    HostConfig,
    | 'GroupAdd'
    | 'Init'
    | 'Ulimits'
    | 'Sysctls'
    | 'ShmSize'
    | 'OomScoreAdj'
    | 'Devices'
    | 'DeviceCgroupRules'
    | 'SecurityOpt'
  >;
}

/** Throws SyntaxError naming the option. */
export function processBody(options: ProcessOptions): ProcessBody {
  const {user, entrypoint, groupAdd, init, ulimit, sysctl, shmSize, oomScoreAdj, device, securityOpt} = options;
  const rules = options.deviceCgroupRule;
  return {
    config: {
      ...(user === undefined ? {} : {User: user}),
      ...(entrypoint ? {Entrypoint: [entrypoint]} : {}),
    },
    host: {
      ...(groupAdd ? {GroupAdd: groupAdd} : {}),
      ...(init ? {Init: true} : {}),
      ...(ulimit ? {Ulimits: ulimit.map(parseUlimit)} : {}),
      ...(sysctl ? {Sysctls: parsePairs(sysctl)} : {}),
      ...(shmSize === undefined ? {} : {ShmSize: shmSize}),
      ...(oomScoreAdj === undefined ? {} : {OomScoreAdj: oomScoreAdj}),
      ...(device ? {Devices: device.map(parseDevice)} : {}),
      ...(rules ? {DeviceCgroupRules: rules.map(checkRule)} : {}),
      ...(securityOpt ? {SecurityOpt: securityOpt.map(readProfile)} : {}),
    },
  };
}

/** `nofile=1024`, `nofile=1024:2048` */
function parseUlimit(spec: string): NonNullable<HostConfig['Ulimits']>[number] {
  const match = /^(\w+)=(-?\d+)(?::(-?\d+))?$/.exec(spec);
  if (!match) throw new SyntaxError(`invalid ulimit argument: ${spec}`);
  const soft = Number(match[2]);
  return {Name: match[1]!, Soft: soft, Hard: match[3] === undefined ? soft : Number(match[3])};
}

/** As Docker's client: the second of two is the permissions if it looks like that. */
function parseDevice(spec: string): NonNullable<HostConfig['Devices']>[number] {
  const [source = '', ...rest] = spec.split(':');
  const isMode = (word: string): boolean => /^[rwm]{1,3}$/.test(word);
  const [target, mode] =
    rest.length === 1 && isMode(rest[0]!) ? [source, rest[0]!] : [rest[0] ?? source, rest[1] ?? 'rwm'];
  if (source === '' || target === '' || rest.length > 2) throw new SyntaxError(`invalid device specification: ${spec}`);
  if (!isMode(mode)) throw new SyntaxError(`invalid mode: ${mode}`);
  return {PathOnHost: source, PathInContainer: target, CgroupPermissions: mode};
}

function checkRule(rule: string): string {
  if (parseDeviceRule(rule) === null) throw new SyntaxError(`invalid device cgroup format '${rule}'`);
  return rule;
}

/** The daemon gets the profile, not its path: it may see other files than its client. */
function readProfile(option: string): string {
  const file = /^seccomp[=:](.*)$/.exec(option)?.[1];
  if (file === undefined || file === 'unconfined' || file === 'builtin') return option;
  try {
    const text = readFileSync(file, 'utf8');
    JSON.parse(text);
    return `seccomp=${text}`; // as it is: numbers of 64 bits do not survive ours
  } catch (error) {
    throw new SyntaxError(`opening seccomp profile (${file}) failed: ${(error as Error).message}`);
  }
}
