/** Where this machine keeps its control groups, as found at run time. */
export interface CgroupHost {
  /** `none`: nothing writable is mounted; containers run without limits, and every limit is ERR_UNSUPPORTED. */
  readonly mode: 'v1' | 'v2' | 'hybrid' | 'none';
  /** Controller → mount point of the hierarchy it is bound to; equal to `unified` when that is the v2 one. */
  readonly controllers: ReadonlyMap<string, string>;
  /** Mount point of the v2 hierarchy, with or without controllers. */
  readonly unified: string | null;
}

/** A writable cgroup mount; `controllers` is empty for the unified one, whose list stands in its cgroup.controllers. */
export interface CgroupMount {
  readonly mountpoint: string;
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
}

/** Super options of a v1 mount mix controllers with flags (`rw,xattr,name=systemd,clone_children`): only these are controllers. */
const v1Controllers: ReadonlySet<string> = new Set(
  'blkio cpu cpuacct cpuset devices freezer hugetlb memory misc net_cls net_prio perf_event pids rdma'.split(' '),
);

/**
 * Reads the cgroup mounts out of /proc/self/mountinfo (proc_pid_mountinfo(5)). Read-only ones are left out: an
 * unprivileged container sees its cgroups that way and could not make a child in them. The root field does not matter:
 * whatever a mount shows as its top (a cgroup namespace's root, `/docker/<id>`), ours are made below that.
 */
export function parseCgroupMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split('\n').flatMap(line => {
    const [left, right] = line.split(' - ', 2).map(half => half.split(' '));
    const [type = '', , superOptions = ''] = right ?? [];
    const [mountpoint = '', options = ''] = left?.slice(4) ?? [];
    if (!isWritable(options) || !isWritable(superOptions)) return [];
    return cgroupMount(type, unescapeOctal(mountpoint), superOptions.split(','));
  });
}

function cgroupMount(type: string, mountpoint: string, superOptions: readonly string[]): CgroupMount[] {
  if (type === 'cgroup2') return [{mountpoint, version: 2, controllers: []}];
  const controllers = superOptions.filter(option => v1Controllers.has(option));
  return type === 'cgroup' && controllers.length > 0 ? [{mountpoint, version: 1, controllers}] : [];
}

/** Puts the mounts together; `unifiedControllers` is the text of the v2 root's cgroup.controllers. */
export function assembleHost(mounts: readonly CgroupMount[], unifiedControllers: string): CgroupHost {
  const ordered = preferUsual(mounts);
  const unified = ordered.find(mount => mount.version === 2)?.mountpoint ?? null;
  const controllers = new Map<string, string>();
  if (unified !== null)
    for (const name of unifiedControllers.split(/\s+/).filter(Boolean)) controllers.set(name, unified);
  const v1 = ordered.filter(mount => mount.version === 1);
  // A controller belongs to one hierarchy in the whole machine, so neither overwrites the other here.
  for (const mount of v1.toReversed()) for (const name of mount.controllers) controllers.set(name, mount.mountpoint);
  return {mode: cgroupMode(unified !== null, v1.length > 0), controllers, unified};
}

function cgroupMode(v2: boolean, v1: boolean): CgroupHost['mode'] {
  if (v2) return v1 ? 'hybrid' : 'v2';
  return v1 ? 'v1' : 'none';
}

/** The same hierarchy may be mounted twice (a bind for a chroot): the place everybody knows comes first. */
function preferUsual(mounts: readonly CgroupMount[]): readonly CgroupMount[] {
  const usual = (mount: CgroupMount) => /^\/sys\/fs\/cgroup(\/|$)/.test(mount.mountpoint);
  return [...mounts.filter(usual), ...mounts.filter(mount => !usual(mount))];
}

function isWritable(options: string): boolean {
  return options.split(',').includes('rw');
}

/** The kernel writes space, tab, newline and backslash as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
