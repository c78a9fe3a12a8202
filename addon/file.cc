#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "native.h"

int openFile(const std::string& path, int flags, Netns netns) {
  const Visit visit(netns);
  return check("open", open(path.c_str(), flags | O_CLOEXEC, 0666));
}

int pidfdOpen(int pid) { return static_cast<int>(check("pidfd_open", syscall(SYS_pidfd_open, pid, 0))); }

bool lock(int fd, const std::string& mode, bool nonblocking) {
  const int operation = mode == "exclusive" ? LOCK_EX : mode == "shared" ? LOCK_SH : LOCK_UN;
  int result;
  do result = flock(fd, operation | (nonblocking ? LOCK_NB : 0)); while (result != 0 && errno == EINTR);
  if (result != 0 && errno == EWOULDBLOCK) return false;
  return check("flock", result) == 0;
}

/** The mount is attached nowhere: it goes with its last file descriptor. */
int openFilesystem(const std::string& type) {
  const Fd context(check("fsopen", fsopen(type.c_str(), FSOPEN_CLOEXEC)));
  check("fsconfig", fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0));
  return check("fsmount", fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
}
