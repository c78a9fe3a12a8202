#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "native.h"

int openFile(const std::string& path, int flags, Netns netns) {
  const Visit visit(netns);
  return check("open", open(path.c_str(), flags | O_CLOEXEC, 0666));
}

int mountProc() {
  const Fd context(check("fsopen", fsopen("proc", FSOPEN_CLOEXEC)));
  check("fsconfig", fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0));
  return check("fsmount", fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
}

int pidfdOpen(int pid) { return static_cast<int>(check("pidfd_open", syscall(SYS_pidfd_open, pid, 0))); }

bool lock(int fd, const std::string& mode, bool nonblocking) {
  const int operation = mode == "exclusive" ? LOCK_EX : mode == "shared" ? LOCK_SH : LOCK_UN;
  int result;
  do result = flock(fd, operation | (nonblocking ? LOCK_NB : 0)); while (result != 0 && errno == EINTR);
  if (result != 0 && errno == EWOULDBLOCK) return false;
  return check("flock", result) == 0;
}

/** A read-only mount of one file or directory, attached nowhere: whoever reaches the file through it gets EROFS for a write. */
int openReadonly(const std::string& path) {
  const long tree = check("open_tree", syscall(SYS_open_tree, AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  Fd fd(static_cast<int>(tree));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  attributes.propagation = MS_PRIVATE;
  check("mount_setattr", syscall(SYS_mount_setattr, fd.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes));
  return fd.release();
}

void mountTmpfs(const std::string& path, const std::string& options) {
  check("mount", mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options.c_str()));
}

/** Takes the directory along. A missing path or mount is fine. */
void unmountTmpfs(const std::string& path) {
  const bool unmounted = umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
  if (!unmounted && errno != EINVAL && errno != ENOENT) throw SystemError("umount2", errno);
  if (rmdir(path.c_str()) != 0 && errno != ENOENT) throw SystemError("rmdir", errno);
}

/** The mount is attached nowhere: it goes with its last file descriptor. */
int openFilesystem(const std::string& type) {
  const Fd context(check("fsopen", fsopen(type.c_str(), FSOPEN_CLOEXEC)));
  check("fsconfig", fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0));
  return check("fsmount", fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
}

/** Until TUNSETPERSIST the link goes with the file: what fails leaves nothing. */
void makeTun(int tunFd, const std::string& name, int flags, const std::vector<int>& ids) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = static_cast<short>(flags);
  check("TUNSETIFF", ioctl(tunFd, TUNSETIFF, &request));
  if (ids.at(0) != -1) check("TUNSETOWNER", ioctl(tunFd, TUNSETOWNER, static_cast<unsigned long>(static_cast<unsigned>(ids[0]))));
  if (ids.at(1) != -1) check("TUNSETGROUP", ioctl(tunFd, TUNSETGROUP, static_cast<unsigned long>(static_cast<unsigned>(ids[1]))));
  check("TUNSETPERSIST", ioctl(tunFd, TUNSETPERSIST, 1ul));
}
