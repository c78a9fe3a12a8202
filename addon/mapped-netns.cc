#include <csignal>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "native.h"

/**
 * A process in a user and a network namespace of its own, the second owned by the first. setns(2) and unshare(2) give a
 * user namespace to processes of one thread only, and this one has many. A copy of it that only sleeps; it ends with us.
 */
class Sleeper {
  pid_t pid;

 public:
  Sleeper() {
    clone_args args{};
    args.flags = CLONE_NEWUSER | CLONE_NEWNET | CLONE_CLEAR_SIGHAND;
    pid = static_cast<pid_t>(check("clone3", syscall(SYS_clone3, &args, sizeof args)));
    if (pid == 0) sleepForever();
  }
  Sleeper(const Sleeper&) = delete;
  ~Sleeper() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, __WALL);
  }
  std::string file(const char* name) const { return "/proc/" + std::to_string(pid) + '/' + name; }

 private:
  [[noreturn]] static void sleepForever() {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }
};

/** The kernel takes a map once, in one write. */
static void writeMap(const std::string& path, const std::string& map) {
  const Fd fd(check("open", open(path.c_str(), O_WRONLY | O_CLOEXEC)));
  check("write", write(fd.get(), map.data(), map.size()));
}

void pinMappedNetns(const std::string& path, const std::string& uidMap, const std::string& gidMap) {
  Fd(check("open", open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444)));
  try {
    const Sleeper sleeper;
    writeMap(sleeper.file("uid_map"), uidMap);
    writeMap(sleeper.file("gid_map"), gidMap);
    check("mount", mount(sleeper.file("ns/net").c_str(), path.c_str(), nullptr, MS_BIND, nullptr));
  } catch (...) {
    unlink(path.c_str());
    throw;
  }
}
