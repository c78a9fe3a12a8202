#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "native.h"

/** Not /proc/self: that is the main thread's, and JavaScript workers are threads too. */
static constexpr const char* here = "/proc/thread-self/ns/net";

int home() {
  thread_local const Fd fd(check("open", open(here, O_RDONLY | O_CLOEXEC)));
  return fd.get();
}

Visit::Visit(New) : away(home() >= 0) { check("unshare", unshare(CLONE_NEWNET)); }

Visit::Visit(std::optional<int> netns) : away(netns && home() >= 0) {
  if (netns) check("setns", setns(*netns, CLONE_NEWNET));
}

Visit::~Visit() {
  if (away && setns(home(), CLONE_NEWNET) != 0) abort();
}

int socketIn(Netns netns, int family, int type, int protocol) {
  const Visit visit(netns);
  return check("socket", socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
}

void pinNetns(const std::string& path, Netns netns) {
  Fd(check("open", open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444)));
  try {
    const Visit visit = netns ? Visit(netns) : Visit(Visit::New{});
    check("mount", mount(here, path.c_str(), nullptr, MS_BIND, nullptr));
  } catch (...) {
    unlink(path.c_str());
    throw;
  }
}

/** unlink(2) also detaches the copies of the mount in other mount namespaces (Linux 3.18), so none keeps the netns alive. */
void unpinNetns(const std::string& path) {
  const bool unmounted = umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
  if (!unmounted && errno != EINVAL && errno != ENOENT) throw SystemError("umount2", errno);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) throw SystemError("unlink", errno);
}
