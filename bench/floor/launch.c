/* The floor of a launch: the system calls that tnet-shim makes from clone3 to execve for a container of the image `host`,
 * in C, without program, status, log or supervision. Prints the microseconds of each of n turns, from clone3 to the end of
 * the pipe that execve closes. On a busy machine (load 12, 2 CPUs) it took 8.3 ms at best, and tnet-shim 6.2 ms from its gate
 * to execve, so without clone3: nearly all of a launch is the kernel's, and most of that grows with the load. `launch <dir> <n>`: <dir> holds empty directories upper, work, rootfs. Run it as root. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
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
static void filesystem(const char *type, const char *path, unsigned attributes, const char *mode) {
  int context = syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
  TRY(context);
  if (mode != NULL) TRY(fsconfig_(context, FSCONFIG_SET_STRING, "mode", mode));
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
static void become(const char *dir) {
  const unsigned plain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  const char *devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
  const char *masked[] = {"proc/asound", "proc/acpi", "proc/interrupts", "proc/kcore", "proc/keys", "proc/latency_stats", "proc/timer_list",
                          "proc/timer_stats", "proc/sched_debug", "proc/scsi", "sys/firmware", "sys/devices/virtual/powercap", "etc/shadow", "etc/gshadow"};
  const char *fixed[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};
  setsid();
  TRY(unshare(CLONE_NEWCGROUP));
  TRY(syscall(SYS_mount, NULL, "/", NULL, slave | recursive, NULL));
  overlay(dir);
  filesystem("proc", "proc", plain, NULL);
  filesystem("sysfs", "sys", plain | MOUNT_ATTR_RDONLY, NULL);
  filesystem("tmpfs", "dev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "755");
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) device(devices[i]);
  symlinkat("/proc/self/fd", root, "dev/fd");
  symlinkat("pts/ptmx", root, "dev/ptmx");
  filesystem("devpts", "dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, "0620");
  filesystem("mqueue", "dev/mqueue", plain, NULL);
  filesystem("tmpfs", "dev/shm", plain, "1777");
  filesystem("tmpfs", "run", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "755");
  for (size_t i = 0; i < sizeof masked / sizeof *masked; i++) mask(masked[i]);
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) readonly(fixed[i]);
  TRY(fchdir(root));
  TRY(syscall(SYS_pivot_root, ".", "."));
  TRY(syscall(SYS_umount2, ".", lazily));
  TRY(chdir("/"));
  TRY(sethostname("floor", 5));
  for (int i = 0; i < 41; i++) if (!(0xa80425fbULL >> i & 1)) prctl(PR_CAPBSET_DROP, i);
  TRY(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  execl("/bin/true", "true", NULL);
  _exit(127);
}
int main(int argc, char **argv) {
  for (int turn = 0; argc == 3 && turn < atoi(argv[2]); turn++) {
    int pidfd, ends[2], status;
    struct timespec begin, end;
    TRY(pipe2(ends, O_CLOEXEC));
    clock_gettime(CLOCK_MONOTONIC, &begin);
    struct clone_args args = {.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_PIDFD,
                              .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    TRY(pid);
    if (pid == 0) become(argv[1]);
    close(ends[1]);
    char byte;
    if (read(ends[0], &byte, 1) != 0) return 1;
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%ld\n", (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000);
    waitpid(pid, &status, 0);
    close(ends[0]), close(pidfd);
    if (status != 0) return 1;
  }
  return argc == 3 ? 0 : 2;
}
