#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "attach.h"
#include "container.h"
#include "namespaces.h"
#include "pass-fd.h"
#include "shim.h"

namespace {

Fd connectTo(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return Fd();
  return fd;
}

}  // namespace

/**
 * Asks the shim of a running container for the pidfd of its first process: a pid could be another process by now. Children
 * are born in its pid namespace from here on; this process stays where it is (setns(2)).
 */
Outcome joinContainer(Shim& shim, const Args& args) {
  const Fd socket = connectTo(args[0]);
  if (!socket) return failed("connect", args[0]);
  const char request[8] = {Pidfd};
  if (send(socket.get(), request, sizeof request, MSG_NOSIGNAL) < 0) return failed("send", args[0]);
  shim.target = receiveFd(socket);
  if (!shim.target) return failed("recvmsg", args[0]);
  if (setns(shim.target.get(), CLONE_NEWPID) < 0) return failed("setns", "pid");
  return done;
}

/** All at once (Linux 5.8), so that none is entered when one cannot be. The root is the container's then. */
Outcome enterNamespaces(Container& container, const Args& kinds) {
  uint64_t flags = 0;
  for (const char* kind : kinds) {
    if (namespaceFlag(kind) == 0) return refused(EINVAL, "setns", kind);
    flags |= namespaceFlag(kind);
  }
  if (setns(container.target.get(), static_cast<int>(flags)) < 0) return failed("setns");
  container.root = Fd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!container.root) return failed("open", "/");
  return done;
}
