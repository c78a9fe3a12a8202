#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <initializer_list>

#include "accounts.h"
#include "container.h"
#include "resolve.h"

namespace {

/** More than any; a container may have made it endless. */
constexpr size_t mostBytes = 4 * 1024 * 1024;

/** '' when there is none. Not one that would make us wait (a fifo), nor a device. */
Outcome readInside(const Container& container, const char* path, std::string& text) {
  const Fd file = openInside(container.root.get(), path, Links::Inside, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return done;
  struct stat status;
  if (!file || fstat(file.get(), &status) < 0) return failed("openat2", path);
  if (S_ISCHR(status.st_mode)) return done; // masked: it is /dev/null then, and nothing is read of any other either
  if (!S_ISREG(status.st_mode)) return refused(EINVAL, "openat2", path);
  char chunk[16384];
  for (;;) {
    const ssize_t count = read(file.get(), chunk, sizeof chunk);
    if (count < 0) return failed("read", path);
    if (count == 0) return done;
    text.append(chunk, static_cast<size_t>(count));
    if (text.size() > mostBytes) return refused(EFBIG, "read", path);
  }
}

/** /dev/stdout is opened anew through /proc, by who the process is then; pipes and terminals are made for it, /dev/null is not. */
Outcome giveStreams(const Identity& who) {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    struct stat status;
    if (fstat(fd, &status) < 0) return failed("fstat");
    const bool ours = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(fd);
    // The terminal's group stays: tty may write to it, as wall(1) does.
    const gid_t gid = S_ISCHR(status.st_mode) ? static_cast<gid_t>(-1) : who.gid;
    if (ours && status.st_uid != who.uid && fchown(fd, who.uid, gid) < 0 && errno != EROFS) return failed("fchown");
  }
  return done;
}

/** What it may is what it could: leaving uid 0 emptied the effective set alone, and the steps that follow need it. */
Outcome raiseCapabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2];
  if (syscall(SYS_capget, &header, sets) < 0) return failed("capget");
  for (auto& set : sets) set.effective = set.permitted;
  if (syscall(SYS_capset, &header, sets) < 0) return failed("capset");
  return done;
}

Outcome become(const Identity& who) {
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return failed("prctl", "PR_SET_KEEPCAPS");
  if (setgroups(who.groups.size(), who.groups.data()) < 0) return failed("setgroups");
  if (setresgid(who.gid, who.gid, who.gid) < 0) return failed("setresgid");
  if (setresuid(who.uid, who.uid, who.uid) < 0) return failed("setresuid");
  if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0) return failed("prctl", "PR_SET_KEEPCAPS");
  // A change of identity clears it. Had the shim died meanwhile, the word before exec would find nobody.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return failed("prctl", "PR_SET_PDEATHSIG");
  return raiseCapabilities();
}

}  // namespace

Outcome becomeUser(Container& container, const Args& args) {
  std::string passwd, group;
  if (Outcome failure = readInside(container, "/etc/passwd", passwd)) return failure;
  if (Outcome failure = readInside(container, "/etc/group", group)) return failure;
  Identity who;
  if (Outcome failure = findIdentity(passwd, group, args[0], {args.begin() + 1, args.end()}, who)) return failure;
  container.home = "HOME=" + who.home;
  if (Outcome failure = giveStreams(who)) return failure;
  return become(who);
}
