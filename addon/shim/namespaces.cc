#include "namespaces.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "container.h"

/** The path is still the host's: nothing of the container is mounted yet. */
Outcome joinNamespace(Container&, const Args& args) {
  const Fd fd(open(args[1], O_RDONLY | O_CLOEXEC));
  if (!fd) return failed("open", args[1]);
  if (setns(fd.get(), static_cast<int>(namespaceFlag(args[0]))) < 0) return failed("setns", args[1]);
  return done;
}

Outcome unshareNamespace(Container&, const Args& args) {
  const uint64_t flag = namespaceFlag(args[0]);
  if (flag == 0) return refused(EINVAL, "unshare", args[0]);
  if (unshare(static_cast<int>(flag)) < 0) return failed("unshare", args[0]);
  return done;
}

Outcome setHostname(Container&, const Args& args) {
  if (sethostname(args[0], strlen(args[0])) < 0) return failed("sethostname", args[0]);
  return done;
}

/** Keyrings have no namespace: with the session keyring of the daemon, the container would have the daemon's keys. */
Outcome joinNewKeyring(Container&, const Args&) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS) return failed("keyctl");
  return done;
}
