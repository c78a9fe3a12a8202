#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "container.h"
#include "resolve.h"

namespace {

bool isIn(uint64_t mask, int capability) { return capability < 64 && (mask >> capability & 1) != 0; }

/** A directory outside of the root has a name that begins with "(unreachable)": CVE-2024-21626. */
Outcome enter(const Fd& directory, const char* path) {
  if (!directory) return failed("openat2", path);
  if (fchdir(directory.get()) < 0) return failed("chdir", path);
  char name[PATH_MAX];
  if (syscall(SYS_getcwd, name, sizeof name) < 0) return failed("getcwd", path);
  if (name[0] != '/') return refused(EXDEV, "getcwd", path);
  return done;
}

}  // namespace

Outcome setUmask(Container&, const Args& args) {
  umask(static_cast<mode_t>(strtoul(args[0], nullptr, 8)));
  return done;
}

/** The container's own /dev/null: with the host's, fchmod(0) inside would reach the host's node. */
Outcome nullStreams(Container& container, const Args& fds) {
  const Fd null = openInside(container.root.get(), "/dev/null", Links::Refused, O_RDWR);
  if (!null) return failed("openat2", "/dev/null");
  for (const char* fd : fds) {
    if (dup2(null.get(), atoi(fd)) < 0) return failed("dup2", fd);
  }
  return done;
}

Outcome enterCwd(Container& container, const Args& args) {
  return enter(makeInside(container.root.get(), args[0], Kind::Directory, Links::Inside), args[0]);
}

/** One that is there: in a container that runs, nothing is made. */
Outcome enterDirectory(Container& container, const Args& args) {
  return enter(openInside(container.root.get(), args[0], Links::Inside, O_PATH | O_DIRECTORY), args[0]);
}

/** Whatever this process or its makers left open: none of it reaches the container (CVE-2016-9962, CVE-2024-21626). */
Outcome closeOnExec(Container&, const Args&) {
  if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0) return failed("close_range");
  return done;
}

/**
 * What no execution can give back; up to the last capability that this kernel has. It takes CAP_SETPCAP, and a filter that
 * is in place already could make the question for the last one fail: so it comes before both are changed.
 */
Outcome limitBounding(Container&, const Args& args) {
  const uint64_t mask = strtoull(args[0], nullptr, 16);
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++) {
    if (!isIn(mask, capability) && prctl(PR_CAPBSET_DROP, capability) < 0) return failed("prctl", "PR_CAPBSET_DROP");
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return failed("prctl", "PR_CAP_AMBIENT");
  return done;
}

/** Inheritable stays empty (CVE-2022-29162). Who is not root gets even these no further than exec. */
Outcome limitCapabilities(Container&, const Args& args) {
  const uint64_t mask = strtoull(args[0], nullptr, 16);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const auto low = static_cast<uint32_t>(mask), high = static_cast<uint32_t>(mask >> 32);
  const __user_cap_data_struct sets[2] = {{low, low, 0}, {high, high, 0}};
  if (syscall(SYS_capset, &header, sets) < 0) return failed("capset", args[0]);
  return done;
}

Outcome setNoNewPrivileges(Container&, const Args&) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return failed("prctl", "PR_SET_NO_NEW_PRIVS");
  return done;
}

/** HOME is the user's, unless it was given. */
Outcome setEnvironment(Container& container, const Args& args) {
  container.environment = args;
  const auto isHome = [](const char* variable) { return strncmp(variable, "HOME=", 5) == 0; };
  if (!container.home.empty() && std::ranges::none_of(args, isHome)) container.environment.push_back(container.home.data());
  return done;
}
