import {action, type Condition, everywhere, type Rule, type SeccompProfile} from './profile.ts';

/** What every container may call, by what it is for. Names of all architectures; a machine passes over those it does not have. */
const always = {
  files: `access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2
    fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync flock
    fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents getdents64 ioctl lchown
    lchown32 link linkat _llseek lseek lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open openat
    openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename renameat
    renameat2 rmdir sendfile sendfile64 splice stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range
    syncfs tee truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes vmsplice write writev`,
  attributes: `fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr
    lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat`,
  mountsSeen: 'listmount statmount',
  watching: 'fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch',
  asynchronous: `io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit`,
  waiting: `epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
    eventfd2 _newselect pipe pipe2 poll ppoll ppoll_time64 pselect6 pselect6_time64 select signalfd signalfd4`,
  memory: `brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap
    mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease
    remap_file_pages`,
  processes: `execve execveat exit exit_group fork getpgid getpgrp getpid getppid getpriority getrusage getsid gettid kill
    pidfd_open pidfd_send_signal prctl rseq setpgid setpriority setsid tgkill times tkill vfork wait4 waitid waitpid`,
  threads: `futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake get_robust_list get_thread_area
    set_robust_list set_thread_area set_tid_address`,
  signals: `alarm pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
    rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack sigprocmask sigreturn uretprobe`,
  identity: `capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32
    getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32
    setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32`,
  scheduling: `getcpu ioprio_get ioprio_set sched_getaffinity sched_getattr sched_getparam sched_get_priority_max
    sched_get_priority_min sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity
    sched_setattr sched_setparam sched_setscheduler sched_yield`,
  limits: 'getrlimit prlimit64 setrlimit ugetrlimit',
  time: `adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
    clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete
    timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime
    timerfd_gettime64 timerfd_settime timerfd_settime64`,
  sockets: `accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64
    recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair`,
  messages: `ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
    mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget`,
  ownSandbox: 'landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp',
  machine: 'getrandom riscv_hwprobe sysinfo uname',
} as const;

/** What a capability opens; without it the kernel would refuse most of them anyway, and this is the second wall. */
const byCapability = {
  DAC_READ_SEARCH: 'open_by_handle_at',
  SYS_ADMIN: `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules
    lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname
    sethostname setns syslog umount umount2 unshare`,
  SYS_BOOT: 'reboot',
  SYS_CHROOT: 'chroot',
  SYS_MODULE: 'delete_module finit_module init_module',
  SYS_PACCT: 'acct',
  SYS_PTRACE: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  SYS_RAWIO: 'ioperm iopl',
  SYS_TIME: 'clock_settime clock_settime64 settimeofday stime',
  SYS_TTY_CONFIG: 'vhangup',
  SYS_NICE: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node',
  SYSLOG: 'syslog',
  BPF: 'bpf',
  PERFMON: 'perf_event_open',
} as const;

/** What only some machines have. */
const byArch = [
  {arches: ['amd64'], names: 'arch_prctl modify_ldt'},
  {arches: ['arm64'], names: 'arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2'},
] as const;

/** AF_VSOCK reaches the hypervisor and other machines, and has no namespace. */
const vsock = 40;
/** Linux, Linux with 16-bit uid_t, both of them uname(2)-compatible with 2.6, and "tell me". */
const personalities = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];
/** CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET} */
const newNamespaces = 0x7e020000n;

const allow = action('ALLOW');
const [EPERM, ENOSYS] = [1, 38];

/**
 * The same in effect as Docker's default (moby profiles/seccomp, 28.x): allowed is what is here, the rest is EPERM. So are
 * io_uring (moby 25), keys, which have no namespace, and what newer moby lets in there again.
 * Before Linux 4.8 a tracer could lead its tracee past the filter. clone3 hides its flags in memory, where no filter sees
 * them; ENOSYS makes the C library take clone.
 */
export const defaultProfile: SeccompProfile = {
  default: action('ERRNO', EPERM),
  architectures: [],
  subArchitectures: {X86_64: ['X86', 'X32'], AARCH64: ['ARM']},
  rules: [
    ...Object.values(always).map(names => rule(names)),
    rule('process_vm_readv process_vm_writev ptrace', {includes: {...everywhere, minKernel: [4, 8]}}),
    rule('socket', {conditions: [argument('NE', vsock)]}),
    ...personalities.map(value => rule('personality', {conditions: [argument('EQ', value)]})),
    ...byArch.map(({arches, names}) => rule(names, {includes: {...everywhere, arches}})),
    ...Object.entries(byCapability).map(([name, names]) =>
      rule(names, {includes: {...everywhere, capabilities: [name]}}),
    ),
    rule('clone', {
      conditions: [{index: 0, compare: 'MASKED_EQ', value: newNamespaces, masked: 0n}],
      excludes: {...everywhere, capabilities: ['SYS_ADMIN']},
    }),
    rule('clone3', {
      action: action('ERRNO', ENOSYS),
      excludes: {...everywhere, capabilities: ['SYS_ADMIN']},
    }),
  ],
};

function rule(names: string, change: Partial<Rule> = {}): Rule {
  return {
    names: names.split(/\s+/),
    action: allow,
    conditions: [],
    includes: everywhere,
    excludes: everywhere,
    ...change,
  };
}

/** Of the first argument. */
function argument(compare: 'NE' | 'EQ', value: number): Condition {
  return {index: 0, compare, value: BigInt(value), masked: 0n};
}
