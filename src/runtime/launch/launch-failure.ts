import {type ErrorCode, TnetError} from '../../errors.ts';
import {ulimitName} from '../ulimits.ts';
import type {LaunchOp} from './plan-launch.ts';

/** What the shim tells of a failed op. `errno` is positive, 0 when no system call failed. */
export interface ShimFailure {
  readonly op: number;
  readonly call: string;
  readonly errno: number;
  /** `ENOENT`; '' for 0. */
  readonly name: string;
  /** The C library's words. */
  readonly text: string;
  readonly path: string;
  /** The kernel's own sentence, of calls that have one (fsconfig). */
  readonly detail?: string;
}

/** The failure in the words of what was planned, as runc and Docker say it where they have words for it. */
export function launchError(ops: readonly LaunchOp[], failure: ShimFailure): TnetError {
  const op = ops[failure.op] ?? ['launch'];
  if (op[0] === 'exec' && failure.call === 'execve') return execError(op[1] ?? '', failure);
  if (op[0] === 'user') return userError(op, failure);
  if (isUnmappable(op, failure)) return unmappable(failure);
  const {call, path, detail} = failure;
  const at = path === '' ? '' : ` "${path}"`;
  return new TnetError(
    'ERR_LAUNCH',
    `${describeOp(op)}: ${call}${at}: ${lowerFirst(failure.text)}${detail ? ` (${detail})` : ''}`,
  );
}

/** EINVAL: its file system does not allow it (FS_ALLOW_IDMAP), the one reason left for a tree that we have just cloned. */
function isUnmappable([name, ...args]: LaunchOp, {call, errno}: ShimFailure): boolean {
  const EINVAL = 22;
  return (
    call === 'mount_setattr' && errno === EINVAL && (name === 'idmap' || (name === 'rootdir' && args[3] === 'mapped'))
  );
}

function unmappable({path, call, text}: ShimFailure): TnetError {
  return new TnetError(
    'ERR_LAUNCH',
    `cannot map the ids of "${path}": its file system has no id-mapped mounts (${call}: ${lowerFirst(text)}); put it on one that ` +
      'has (ext4, xfs, btrfs, since Linux 6.3 tmpfs; not overlay, 9p, nfs), or use --userns host',
  );
}

/** Docker tells 127 from 126 by these. ENOTDIR and ELOOP lie on the way to a file that is therefore not there. */
const execErrors: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'ERR_COMMAND_NOT_FOUND',
  ENOTDIR: 'ERR_COMMAND_NOT_FOUND',
  ELOOP: 'ERR_COMMAND_NOT_FOUND',
  EACCES: 'ERR_COMMAND_NOT_EXECUTABLE',
  EPERM: 'ERR_COMMAND_NOT_EXECUTABLE',
  EISDIR: 'ERR_COMMAND_NOT_EXECUTABLE',
  ENOEXEC: 'ERR_COMMAND_NOT_EXECUTABLE',
  ETXTBSY: 'ERR_COMMAND_NOT_EXECUTABLE',
};

/** As runc, whose words are those of Go's os/exec. Without a slash the command was looked for in $PATH. */
function execError(command: string, failure: ShimFailure): TnetError {
  const code = execErrors[failure.name] ?? 'ERR_LAUNCH';
  const missing = failure.name === 'ENOENT' && !command.includes('/');
  return new TnetError(
    code,
    `exec: ${JSON.stringify(command)}: ${missing ? 'executable file not found in $PATH' : lowerFirst(failure.text)}`,
  );
}

/** The words of runc's user lookup. */
function userError(op: LaunchOp, {call, name, path, text}: ShimFailure): TnetError {
  const what = call === 'passwd' ? 'user' : 'group';
  if (call !== 'passwd' && call !== 'group')
    return new TnetError(
      'ERR_LAUNCH',
      `error becoming user "${op[1]}": ${call}${path && ` "${path}"`}: ${lowerFirst(text)}`,
    );
  if (name === 'ERANGE')
    return new TnetError('ERR_LAUNCH', `${what} "${path}": uids and gids must be in range 0-2147483647`);
  return new TnetError('ERR_LAUNCH', `unable to find ${what} ${path}: no matching entries in ${call} file`);
}

const descriptions: Readonly<Record<string, (...args: readonly string[]) => string>> = {
  mount: (type, path) => `error mounting "${type}" to rootfs at "${path}"`,
  overlay: target => `error mounting the root file system on "${target}"`,
  bind: (source, target) => `error mounting "${source}" to rootfs at "${target}"`,
  device: path => `error creating device "${path}"`,
  source: path => `error opening mount source "${path}"`,
  populate: (_, volume) => `error filling volume "${volume}" with the image's files`,
  attach: (_, target) => `error mounting to rootfs at "${target}"`,
  tmpfs: target => `error mounting "tmpfs" to rootfs at "${target}"`,
  hide: path => `error masking "${path}"`,
  mask: path => `error masking "${path}"`,
  readonly: path => `error making "${path}" read-only`,
  setns: (kind, path) => `error joining ${kind} namespace "${path}"`,
  join: (shim, kind) => `error joining the ${kind} namespace of the container of "${shim}"`,
  node: path => `error creating device "${path}"`,
  rootdir: (_, __, source) => `error mounting root directory "${source}"`,
  seal: () => 'error making the root file system read-only',
  cgroup: path => `error opening cgroup "${path}"`,
  clone: () => 'error creating the namespaces of the container',
  bindnode: (source, target) => `error adding device "${source}" at "${target}"`,
  sysctl: (path, value) => `error setting sysctl "${path?.replaceAll('/', '.')}" to "${value}"`,
  rlimit: (number, soft, hard) => `error setting ulimit ${ulimitName(Number(number))}=${soft}:${hard}`,
  oomscore: score => `error setting OOM score adjustment ${score}`,
  seccomp: () => 'error loading the seccomp filter',
  directory: path => `chdir to cwd (${JSON.stringify(path)}) set in config.json failed`,
  enter: () => 'error joining the namespaces of the container',
  tty: () => 'error opening a terminal',
  cwd: path => `error changing to working directory "${path}"`,
};

function describeOp([name, ...args]: LaunchOp): string {
  return descriptions[name]?.(...args) ?? `error at step "${name}${args.length === 1 ? ` ${args[0]}` : ''}"`;
}

/** Go's words are the C library's, but for the capital. */
function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
