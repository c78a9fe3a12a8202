/* The floor of a launch: the system calls that tnet-shim makes from clone3 to execve for a container of the image `host`, plainly in
 * C: without reading a program, without resolving each path inside the root and checking what was opened, without status and
 * supervision. bench/launch-floor.ts has the same container for the shim. `launch <dir> <filter>`: <dir> holds the empty directories
 * upper, work, rootfs, and the files hosts, hostname, resolv.conf; <filter> is a seccomp program as the kernel takes it. Prints the
 * microseconds from clone3 to the end of the pipe that execve closes. Run it as root in a mount namespace of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRY(call) do { if ((call) < 0) { perror(#call); _exit(125); } } while (0)
enum { slave = 1 << 19, recursive = 1 << 14, lazily = 2 };

static int root, empty = -1;
static struct sock_fprog filter;
static const uint64_t capabilities = 0xa80425fb; /* Docker's fourteen */
static long fsconfig_(int fd, int command, const char *key, const char *value) {
  return syscall(SYS_fsconfig, fd, command, key, value, 0);
}
static int finish(int context, unsigned attributes) {
  TRY(fsconfig_(context, FSCONFIG_CMD_CREATE, NULL, NULL));
  int tree = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
  TRY(tree);
  close(context);
  return tree;
}
static void hang(int tree, const char *path, int make) {
  if (make == S_IFDIR) mkdirat(root, path, 0755);
  if (make == S_IFREG) close(openat(root, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  TRY(syscall(SYS_move_mount, tree, "", root, path, MOVE_MOUNT_F_EMPTY_PATH));
  close(tree);
}
static void filesystem(const char *type, const char *path, unsigned attributes, const char *const *options) {
  int context = syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
  TRY(context);
  for (; options != NULL && *options != NULL; options += 2)
    TRY(fsconfig_(context, options[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options[0], options[1]));
  hang(finish(context, attributes), path, S_IFDIR);
}
static int copy(int from, const char *path, uint64_t set) {
  int tree = syscall(SYS_open_tree, from, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive * 2);
  if (tree < 0) return -1;
  struct mount_attr attributes = {.attr_set = set, .propagation = 1 << 18};
  TRY(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | recursive * 2, &attributes, sizeof attributes));
  return tree;
}
static void device(const char *path) { hang(copy(AT_FDCWD, path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID), path + 1, S_IFREG); }
static void mask(const char *path) {
  struct stat status;
  if (fstatat(root, path, &status, 0) < 0) return;
  if (!S_ISDIR(status.st_mode)) { hang(copy(AT_FDCWD, "/dev/null", MOUNT_ATTR_RDONLY), path, 0); return; }
  if (empty < 0) {
    int context = syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    empty = finish(context, MOUNT_ATTR_RDONLY);
    hang(dup(empty), path, 0);
  } else {
    int tree = syscall(SYS_open_tree, empty, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    TRY(tree);
    hang(tree, path, 0);
  }
}
static void readonly(const char *path) {
  int tree = copy(root, path, MOUNT_ATTR_RDONLY);
  if (tree >= 0) hang(tree, path, 0);
}
static void bind(const char *dir, const char *name) {
  char source[4096], target[64];
  snprintf(source, sizeof source, "%s/%s", dir, name), snprintf(target, sizeof target, "etc/%s", name);
  int tree = copy(AT_FDCWD, source, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  TRY(tree);
  struct stat status; /* opened for writing, the image's file would be copied up */
  hang(tree, target, fstatat(root, target, &status, AT_SYMLINK_NOFOLLOW) < 0 ? S_IFREG : 0);
}
static void slurp(const char *path) {
  char chunk[16384];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  while (fd >= 0 && read(fd, chunk, sizeof chunk) > 0) continue;
  close(fd);
}
static void identity(uint64_t mask) {
  struct stat status;
  slurp("/etc/passwd"), slurp("/etc/group");
  for (int fd = 0; fd < 3; fd++) TRY(fstat(fd, &status));
  TRY(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
  TRY(setgroups(0, NULL));
  TRY(syscall(SYS_setresgid, 0, 0, 0));
  TRY(syscall(SYS_setresuid, 0, 0, 0));
  TRY(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
  TRY(prctl(PR_SET_PDEATHSIG, SIGKILL));
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2];
  TRY(syscall(SYS_capget, &header, sets));
  TRY(syscall(SYS_capset, &header, sets));
  TRY(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter));
  for (int i = 0; i < 2; i++) sets[i] = (struct __user_cap_data_struct){mask >> 32 * i, mask >> 32 * i, 0};
  TRY(syscall(SYS_capset, &header, sets));
}
static void overlay(const char *dir) {
  char upper[4096], work[4096], target[4096];
  snprintf(upper, sizeof upper, "%s/upper", dir), snprintf(work, sizeof work, "%s/work", dir), snprintf(target, sizeof target, "%s/rootfs", dir);
  int context = syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
  TRY(context);
  TRY(fsconfig_(context, FSCONFIG_SET_STRING, "lowerdir+", "/"));
  TRY(fsconfig_(context, FSCONFIG_SET_STRING, "upperdir", upper));
  TRY(fsconfig_(context, FSCONFIG_SET_STRING, "workdir", work));
  int tree = finish(context, MOUNT_ATTR_NODEV);
  TRY(syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
  TRY(root = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC));
}
static void become(const char *dir, int said) {
  const unsigned plain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  const char *devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
  const char *masked[] = {"proc/asound", "proc/acpi", "proc/interrupts", "proc/kcore", "proc/keys", "proc/latency_stats", "proc/timer_list",
                          "proc/timer_stats", "proc/sched_debug", "proc/scsi", "sys/firmware", "sys/devices/virtual/powercap", "etc/shadow", "etc/gshadow"};
  const char *fixed[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};
  const char *ofDev[] = {"mode", "755", "size", "64k", NULL}, *ofShm[] = {"mode", "1777", "size", "67108864", NULL}, *ofRun[] = {"mode", "755", NULL};
  const char *ofPts[] = {"newinstance", NULL, "ptmxmode", "0666", "mode", "0620", "gid", "5", NULL};
  const char *links[][2] = {{"/proc/self/fd", "dev/fd"}, {"/proc/self/fd/0", "dev/stdin"}, {"/proc/self/fd/1", "dev/stdout"},
                            {"/proc/self/fd/2", "dev/stderr"}, {"pts/ptmx", "dev/ptmx"}, {"/proc/kcore", "dev/core"}};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  dup2(STDERR_FILENO, STDOUT_FILENO); /* as the shim takes its pipes */
  TRY(unshare(CLONE_NEWCGROUP));
  TRY(syscall(SYS_mount, NULL, "/", NULL, slave | recursive, NULL));
  overlay(dir);
  filesystem("proc", "proc", plain, NULL);
  filesystem("sysfs", "sys", plain | MOUNT_ATTR_RDONLY, NULL);
  filesystem("tmpfs", "dev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, ofDev);
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) device(devices[i]);
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) symlinkat(links[i][0], root, links[i][1]);
  filesystem("devpts", "dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, ofPts);
  filesystem("mqueue", "dev/mqueue", plain, NULL);
  filesystem("tmpfs", "dev/shm", plain, ofShm);
  filesystem("tmpfs", "run", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, ofRun);
  bind(dir, "hosts"), bind(dir, "hostname"), bind(dir, "resolv.conf");
  for (size_t i = 0; i < sizeof masked / sizeof *masked; i++) mask(masked[i]);
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) readonly(fixed[i]);
  TRY(fchdir(root));
  TRY(syscall(SYS_pivot_root, ".", "."));
  TRY(syscall(SYS_umount2, ".", lazily));
  TRY(chdir("/"));
  TRY(sethostname("floor", 5));
  TRY(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
  umask(022);
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  TRY(dup2(null, STDIN_FILENO));
  TRY(chdir("/"));
  TRY(syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC));
  for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++) if (!(capabilities >> i & 1)) TRY(prctl(PR_CAPBSET_DROP, i));
  TRY(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  identity(capabilities);
  TRY(write(said, "exec\n", 5));
  execl("/bin/true", "true", NULL);
  _exit(127);
}
/* A filter has at most 4,096 instructions. */
static void readFilter(const char *path) {
  static struct sock_filter instructions[4096];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t bytes = read(fd, instructions, sizeof instructions);
  TRY(bytes);
  close(fd);
  filter = (struct sock_fprog){bytes / sizeof *instructions, instructions};
}
int main(int argc, char **argv) {
  if (argc != 3) return 2;
  readFilter(argv[2]);
  int pidfd, ends[2], status;
  struct timespec begin, end;
  TRY(pipe2(ends, O_CLOEXEC));
  clock_gettime(CLOCK_MONOTONIC, &begin);
  struct clone_args args = {.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
                            .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD};
  long pid = syscall(SYS_clone3, &args, sizeof args);
  TRY(pid);
  if (pid == 0) become(argv[1], ends[1]);
  close(ends[1]);
  char word[8];
  while (read(ends[0], word, sizeof word) > 0) continue;
  clock_gettime(CLOCK_MONOTONIC, &end);
  waitpid(pid, &status, 0);
  printf("%ld\n", (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000);
  return status != 0;
}
