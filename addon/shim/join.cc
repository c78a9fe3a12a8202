#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstring>

#include "attach.h"
#include "namespaces.h"
#include "pass-fd.h"
#include "shim.h"

namespace {

/** Its shim answers at once; one that is stopped must not hold up the other's launch. */
constexpr timeval patience{10, 0};

Outcome connectTo(const char* path, Fd& connection) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address.sun_path) return refused(ENAMETOOLONG, "connect", path);
  strcpy(address.sun_path, path);
  connection = Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection) return failed("socket");
  setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return failed("connect", path);
  return done;
}

Outcome askForProcess(const Fd& connection, Fd& pidfd) {
  constexpr char request[8] = {ProcessWanted};
  if (send(connection.get(), request, sizeof request, MSG_NOSIGNAL) < 0) return failed("send");
  pidfd = receiveFd(connection);
  if (!pidfd) return failed("recvmsg");
  return done;
}

}  // namespace

/**
 * Enters a namespace of the container whose shim listens there. That shim has held its process by pidfd from birth: no
 * number can have passed to another process, and nothing that the container controls is asked. One that is dead sends nothing.
 */
Outcome joinContainer(Shim& shim, const Args& args) {
  Fd connection, pidfd;
  if (Outcome failure = connectTo(args[0], connection)) return failure;
  if (Outcome failure = askForProcess(connection, pidfd)) return failure;
  const uint64_t flag = namespaceFlag(args[1]);
  if (flag == 0) return refused(EINVAL, "setns", args[1]);
  if (setns(pidfd.get(), static_cast<int>(flag)) < 0) return failed("setns", args[1]);
  shim.target = std::move(pidfd);
  return done;
}
