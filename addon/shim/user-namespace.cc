// A container whose root is nobody on the machine. Everything is mounted with the machine's rights, in mount namespaces that
// are the machine's; the user namespace comes last, so that nothing it could do reaches a half-built container.
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>

#include "container.h"

namespace {

bool isOurs(const Fd& userns) {
  struct stat theirs, ours;
  if (fstat(userns.get(), &theirs) < 0 || stat("/proc/self/ns/user", &ours) < 0) return true;
  return theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

/** Whoever changes ids loses PDEATHSIG, and is as dumpable as fs.suid_dumpable says (commit_creds). */
Outcome takeRootIds() {
  if (setgroups(0, nullptr) < 0) return failed("setgroups");
  if (setresgid(0, 0, 0) < 0) return failed("setresgid");
  if (setresuid(0, 0, 0) < 0) return failed("setresuid");
  if (prctl(PR_SET_DUMPABLE, 0) < 0) return failed("prctl", "PR_SET_DUMPABLE");
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return failed("prctl", "PR_SET_PDEATHSIG");
  return done;
}

/** Pipes were made by the machine's root; inside, /dev/stdout is opened anew by who it belongs to. */
Outcome giveStreams(uid_t uid, gid_t gid) {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) && fchown(fd, uid, gid) < 0) return failed("fchown");
  }
  return done;
}

/** What is made from here on belongs to them; the capabilities stay, which setfsuid(2) would else take. */
Outcome belongTo(uid_t uid, gid_t gid) {
  if (Outcome failure = giveStreams(uid, gid)) return failure;
  if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0) return failed("prctl", "PR_SET_SECUREBITS");
  setfsuid(uid);
  setfsgid(gid);
  return done;
}

using File = std::unique_ptr<FILE, decltype(&fclose)>;

File openText(const std::string& path) { return File(fopen(path.c_str(), "re"), &fclose); }

/** 0, or less, when there is none. */
int pidOf(const Fd& pidfd) {
  const File file = openText("/proc/self/fdinfo/" + std::to_string(pidfd.get()));
  char line[256];
  int pid = 0;
  while (file && fgets(line, sizeof line, file.get()) != nullptr && sscanf(line, "Pid: %d", &pid) != 1) continue;
  return pid;
}

/** The id on the machine that a map has for 0. */
bool rootOf(const std::string& map, uid_t& outside) {
  const File file = openText(map);
  unsigned inside, count;
  while (file && fscanf(file.get(), "%u %u %u", &inside, &outside, &count) == 3) {
    if (inside == 0) return true;
  }
  return false;
}

}  // namespace

/**
 * The one that owns the network namespace there: its capabilities then reach its own network and no other. One that is the
 * machine's would mean no mapping at all, and is refused.
 */
Outcome holdUserNamespace(Container& container, const Args& args) {
  const Fd netns(open(args[0], O_RDONLY | O_CLOEXEC));
  if (!netns) return failed("open", args[0]);
  container.userns = Fd(ioctl(netns.get(), NS_GET_USERNS));
  if (!container.userns) return failed("ioctl", "NS_GET_USERNS");
  if (isOurs(container.userns)) return refused(EINVAL, "ioctl", args[0]);
  return done;
}

Outcome makeAs(Container&, const Args& args) {
  return belongTo(static_cast<uid_t>(strtoul(args[0], nullptr, 10)), static_cast<gid_t>(strtoul(args[1], nullptr, 10)));
}

/**
 * As `makeas`, for root of the container to enter, while /proc is the machine's. Nothing to do for one that is mapped to
 * itself. A pid that meanwhile is another's would only give our pipes away: what is entered is the pidfd's.
 */
Outcome makeAsRoot(Container& container, const Args&) {
  const std::string folder = "/proc/" + std::to_string(pidOf(container.target)) + '/';
  uid_t uid, gid;
  if (!rootOf(folder + "uid_map", uid) || !rootOf(folder + "gid_map", gid)) return refused(ESRCH, "read", folder + "uid_map");
  return uid == 0 ? Outcome(done) : belongTo(uid, gid);
}

/** A view of `source` on `target` in which the ids on the disk are those inside (Linux 5.12; overlayfs on it 5.19). */
Outcome mapTree(Container& container, const Args& args) {
  const Fd tree(open_tree(AT_FDCWD, args[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return failed("open_tree", args[0]);
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<uint64_t>(container.userns.get());
  attributes.propagation = MS_PRIVATE;
  if (mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0) return failed("mount_setattr", args[0]);
  if (move_mount(tree.get(), "", AT_FDCWD, args[1], MOVE_MOUNT_F_EMPTY_PATH) < 0) return failed("move_mount", args[1]);
  return done;
}

/** In the user namespace that is held, with every capability there and none outside. */
Outcome becomeRoot(Container& container, const Args&) {
  if (setns(container.userns.get(), CLONE_NEWUSER) < 0) return failed("setns");
  return takeRootIds();
}

/** Of a container that has one of its own: EINVAL is the kernel's word for the one we are in already (userns_install). */
Outcome enterUserNamespace(Container& container, const Args&) {
  if (setns(container.target.get(), CLONE_NEWUSER) == 0) return takeRootIds();
  return errno == EINVAL ? done : failed("setns", "user");
}

/** Nothing to do for the one we are in. */
Outcome joinUserNamespace(Container&, const Args& args) {
  const Fd userns(open(args[0], O_RDONLY | O_CLOEXEC));
  if (!userns) return failed("open", args[0]);
  if (isOurs(userns)) return done;
  if (setns(userns.get(), CLONE_NEWUSER) < 0) return failed("setns", args[0]);
  return takeRootIds();
}
