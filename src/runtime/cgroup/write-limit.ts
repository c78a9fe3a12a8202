import {readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {TnetError} from '../../errors.ts';
import {settleController} from './controllers.ts';
import type {CgroupHost} from './host.ts';
import {asKernelError, errorCode, pathPrefixes, tryWrite, unlessMissing, writeCgroupFile} from './tree.ts';
import {type CgroupWrite, isV2} from './write.ts';

/** ERR_UNSUPPORTED when this kernel has no such file, ERR_KERNEL when it refuses the value. */
export function writeLimit(host: CgroupHost, path: string, planned: CgroupWrite): void {
  const write = chooseWrite(host, path, planned);
  const dir = join(host.controllers.get(write.controller) ?? '', path);
  const file = join(dir, write.file);
  try {
    if (tryWrite(file, write.value)) return;
    if (isV2(host, write.controller)) settleController(dirname(dir), write.controller);
    if (!tryWrite(file, write.value) && write.origin === 'asked') throw missingFile(write);
  } catch (error) {
    throw asKernelError(`Cannot write "${write.value}" to "${file}" for "${write.option}"`, explain(error, dir, write));
  }
}

/** The one whose file this kernel has; the last when it has none. */
export function chooseWrite(host: CgroupHost, path: string, write: CgroupWrite): CgroupWrite {
  const file = join(host.controllers.get(write.controller) ?? '', path, write.file);
  return write.instead === undefined || exists(file) ? write : write.instead;
}

/**
 * A realtime group may run no longer than the group above it, and a fresh one has 0 µs (sched_rt_can_attach, EINVAL): the
 * parents that are ours get all that their own parent has. They run nothing themselves.
 */
export function prepareParents(host: CgroupHost, path: string, writes: readonly CgroupWrite[]): void {
  if (!writes.some(({file}) => file === 'cpu.rt_runtime_us')) return;
  const root = host.controllers.get('cpu') ?? '';
  for (const parent of pathPrefixes(path).slice(0, -1)) {
    const file = join(root, parent, 'cpu.rt_runtime_us');
    if (!exists(file) || readFileSync(file, 'utf8').trim() !== '0') continue;
    const above = readFileSync(join(dirname(dirname(file)), 'cpu.rt_runtime_us'), 'utf8').trim();
    try {
      writeCgroupFile(file, above);
    } catch (error) {
      throw asKernelError(`Cannot write "${above}" to "${file}" for "--cpu-rt-runtime"`, error);
    }
  }
}

function exists(file: string): boolean {
  return unlessMissing(() => readFileSync(file, 'utf8')) !== undefined;
}

function missingFile({option, file}: CgroupWrite): TnetError {
  return new TnetError(
    'ERR_UNSUPPORTED',
    `Cannot apply "${option}": this kernel has no "${file}"; ${remedy(file)}, or leave the option out`,
  );
}

function remedy(file: string): string {
  if (/\.memsw\.|\.swap\./.test(file)) return 'boot with "swapaccount=1"';
  if (/weight/.test(file)) return 'load the I/O scheduler that has it ("modprobe bfq")';
  if (/\.rt_/.test(file)) return 'use a kernel with CONFIG_RT_GROUP_SCHED';
  return 'use a kernel built with it';
}

/** The kernel's errno alone does not say what the user can act on. */
function explain(error: unknown, dir: string, {option, file, value}: CgroupWrite): unknown {
  const code = errorCode(error);
  const unsupported = (why: string) =>
    new TnetError('ERR_UNSUPPORTED', `Cannot apply "${option}": ${why}`, {cause: error});
  if (code === 'EBUSY' && /^memory/.test(file)) return new TnetError('ERR_CONFLICT', inUse(dir, value), {cause: error});
  const [device] = value.split(' ');
  if (code === 'ENODEV' && value.includes(':'))
    return unsupported(`device ${device} is no whole disk, and only those are throttled`);
  if (code === 'EOPNOTSUPP' || code === 'ENOTSUP')
    return unsupported(`the disk ${device} does not use the I/O scheduler "bfq" (/sys/block/…/queue/scheduler)`);
  return error;
}

function inUse(dir: string, value: string): string {
  const usage = unlessMissing(() => readFileSync(join(dir, 'memory.usage_in_bytes'), 'utf8'))?.trim() ?? 'more';
  return `Cannot limit memory to ${value} bytes: ${usage} bytes are in use and cannot be reclaimed`;
}
