// A lab is one process that sleeps: it is pid 1 of a PID namespace and the only one that holds the lab's mount namespace,
// in which the nodes' network namespaces are mounted. When it dies the kernel takes all of it back: processes, mounts,
// network namespaces and the links in them. Decides nothing; src/lab/holder.ts says what is made and entered.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

/** Whoever builds the lab holds the other end of it. */
static constexpr int keeper = 3;

[[noreturn]] void fail(const char* call, const char* object) {
  fprintf(stderr, "%s \"%s\": %s\n", call, object, strerror(errno));
  _exit(failed);
}

int check(int result, const char* call, const char* object) {
  if (result < 0) fail(call, object);
  return result;
}

static void makeFolder(const char* path) {
  if (mkdir(path, 0755) != 0 && errno != EEXIST) fail("mkdir", path);
}

/** /sys/class/net shows the network namespace of whoever mounted it. The cgroups, which are mounted below, come along. */
static void mountSys() {
  const int cgroups = static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, "/sys/fs/cgroup", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  check(mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr), "mount", "/sys");
  if (cgroups < 0) return;
  syscall(SYS_move_mount, cgroups, "", AT_FDCWD, "/sys/fs/cgroup", MOVE_MOUNT_F_EMPTY_PATH);
  close(cgroups);
}

/** As `ip netns add`. */
static void pinNew(const char* name) {
  const std::string path = std::string("/run/netns/") + name;
  check(unshare(CLONE_NEWNET), "unshare", name);
  close(check(open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0444), "open", path.c_str()));
  check(mount("/proc/self/ns/net", path.c_str(), nullptr, MS_BIND, nullptr), "mount", path.c_str());
}

/** Before the first child is born, so that it can be reaped: pid 1 sleeps until then. */
[[noreturn]] static void sleepAndReap() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  for (;;) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {}
    int signal;
    sigwait(&all, &signal);
  }
}

/** The lab's /run is its own: namespaces, the daemon's socket and state, logs. */
[[noreturn]] static void beLab(char** names) {
  setsid();
  check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount", "/");
  check(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr), "mount", "/proc");
  mountSys();
  check(mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"), "mount", "/run");
  // A node's program has a copy of the mounts: a namespace that is unpinned has to go from there too.
  check(mount(nullptr, "/run", nullptr, MS_SHARED, nullptr), "mount", "/run");
  for (const char* path : {"/run/netns", "/run/lab", "/run/lab/bin", "/run/lab/log", "/run/lab/run", "/run/lock"}) makeFolder(path);
  const int home = check(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "open", "/proc/self/ns/net");
  for (; *names != nullptr; names++) pinNew(*names);
  check(setns(home, CLONE_NEWNET), "setns", "home");
  close(home);
  check(static_cast<int>(write(STDOUT_FILENO, "ready\n", 6)), "write", "stdout");
  char kept = 0;
  if (read(keeper, &kept, 1) != 1) _exit(failed);  // whoever builds the lab has died
  for (int fd = 0; fd <= keeper; fd++) close(fd);
  check(chdir("/"), "chdir", "/");
  sleepAndReap();
}

/** `hold NAME…`: prints `pid N` and `ready`, waits on fd 3 for a byte, "keep it", or EOF, which ends it. */
static int hold(char** names) {
  check(unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC), "unshare", "lab");
  const int pid = check(fork(), "fork", "lab");
  if (pid == 0) beLab(names);
  dprintf(STDOUT_FILENO, "pid %d\n", pid);
  return 0;
}

static int namespaceOf(const char* pid, const char* kind) {
  const std::string path = std::string("/proc/") + pid + "/ns/" + kind;
  return check(open(path.c_str(), O_RDONLY | O_CLOEXEC), "open", path.c_str());
}

/** A node's own /sys, and its name. Mounts that are made on the lab's host still arrive. */
static void enterNode(const char* node) {
  const std::string path = std::string("/run/netns/") + node;
  const int netns = check(open(path.c_str(), O_RDONLY | O_CLOEXEC), "open", path.c_str());
  check(setns(netns, CLONE_NEWNET), "setns", node);
  check(unshare(CLONE_NEWNS | CLONE_NEWUTS), "unshare", node);
  check(mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr), "mount", "/");
  mountSys();
  check(sethostname(node, strlen(node)), "sethostname", node);
}

void enterLab(const char* pid, const char* node, const char* cwd) {
  const int namespaces[] = {namespaceOf(pid, "mnt"), namespaceOf(pid, "pid"), namespaceOf(pid, "net"), namespaceOf(pid, "uts"), namespaceOf(pid, "ipc")};
  for (const int fd : namespaces) check(setns(fd, 0), "setns", pid);
  if (*node != '\0') enterNode(node);
  if (chdir(cwd) != 0) check(chdir("/"), "chdir", "/");
}

[[noreturn]] static void run(char** command) {
  execvp(command[0], command);
  const int code = errno == ENOENT ? 127 : 126;
  fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
  _exit(code);
}

/** `enter PID NODE CWD COMMAND…`: NODE '' is the lab's host. Ends as the command does; 128 + N for signal N. */
static int enter(char** arguments) {
  enterLab(arguments[0], arguments[1], arguments[2]);
  const int child = check(fork(), "fork", arguments[3]);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run(arguments + 3);
  }
  for (const int ignored : {SIGINT, SIGQUIT}) signal(ignored, SIG_IGN);  // the terminal sends them to the command too
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail("waitpid", arguments[3]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/**
 * `start PID NODE CWD COMMAND…`: in a session of its own; prints nothing and does not wait. Born twice: our own child would be
 * given to the machine's init when we end, and the lab could not die before that has reaped it (zap_pid_ns_processes() waits);
 * the child of one in the lab goes to the holder.
 */
static int start(char** arguments) {
  enterLab(arguments[0], arguments[1], arguments[2]);
  const int parent = check(fork(), "fork", arguments[3]);
  if (parent != 0) return waitpid(parent, nullptr, 0) == parent ? 0 : failed;
  if (check(fork(), "fork", arguments[3]) != 0) _exit(0);
  setsid();
  run(arguments + 3);
}

/** `net PID COMMAND…`: in the network namespace of the lab's host, and in nothing else of the lab. */
static int net(char** arguments) {
  check(setns(namespaceOf(arguments[0], "net"), CLONE_NEWNET), "setns", arguments[0]);
  run(arguments + 1);
}

/** `pin PID NAME…`: new network namespaces in a lab that is up. In a child: /proc/self is that of the lab's PID namespace. */
static int pin(char** arguments) {
  enterLab(arguments[0], "", "/");
  const int child = check(fork(), "fork", arguments[0]);
  if (child == 0) {
    for (char** name = arguments + 1; *name != nullptr; name++) pinNew(*name);
    _exit(0);
  }
  int status;
  check(waitpid(child, &status, 0), "waitpid", arguments[0]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : failed;
}

/** `unpin PID NAME…`: as `ip netns del`. What is not there any more is no failure. */
static int unpin(char** arguments) {
  check(setns(namespaceOf(arguments[0], "mnt"), CLONE_NEWNS), "setns", arguments[0]);
  for (char** name = arguments + 1; *name != nullptr; name++) {
    const std::string path = std::string("/run/netns/") + *name;
    umount2(path.c_str(), MNT_DETACH);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) fail("unlink", path.c_str());
  }
  return 0;
}

int main(int count, char** arguments) {
  const std::string verb = count > 1 ? arguments[1] : "";
  if (verb == "hold") return hold(arguments + 2);
  if (verb == "enter" && count > 5) return enter(arguments + 2);
  if (verb == "start" && count > 5) return start(arguments + 2);
  if (verb == "net" && count > 3) return net(arguments + 2);
  if (verb == "relay" && count == 7) return relay(arguments + 2);
  if (verb == "pin" && count > 3) return pin(arguments + 2);
  if (verb == "unpin" && count > 3) return unpin(arguments + 2);
  fputs("usage: tnet-lab hold NAME… | pin PID NAME… | unpin PID NAME… | net PID COMMAND… | enter PID NODE CWD COMMAND… | start PID NODE CWD COMMAND… | relay PID NODE LINK TAP FILE\n", stderr);
  return failed;
}
