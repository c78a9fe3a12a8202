#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

#include "namespaces.h"
#include "shim.h"

/** A leftover of an earlier shim is not removed here: it could be a living one's. */
Outcome listenOn(Shim& shim, const Args& args) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (strlen(args[0]) >= sizeof address.sun_path) return refused(ENAMETOOLONG, "bind", args[0]);
  strcpy(address.sun_path, args[0]);
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return failed("socket");
  // The mode must be right from the first moment: whoever connects can write to the container.
  const mode_t old = umask(0177);
  const int bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(old);
  if (bound < 0) return failed("bind", args[0]);
  shim.listener.path = args[0];
  if (listen(fd.get(), 128) < 0) return failed("listen", args[0]);
  shim.listener.fd = std::move(fd);
  return done;
}

Outcome openLog(Shim& shim, const Args& args) {
  return shim.log.open(args[0], strtoull(args[1], nullptr, 10), strtoull(args[2], nullptr, 10));
}

Outcome openRecord(Shim& shim, const Args& args) { return shim.record.open(args[0]); }

Outcome keepStdin(Shim& shim, const Args&) {
  shim.stdinWanted = true;
  return done;
}

Outcome giveTerminal(Shim& shim, const Args&) {
  shim.terminalWanted = true;
  return done;
}

Outcome keepSilent(Shim& shim, const Args&) {
  shim.silent = true;
  return done;
}

Outcome keepDraining(Shim& shim, const Args& args) {
  shim.drainMs = static_cast<int>(strtoul(args[0], nullptr, 10));
  return done;
}

Outcome openCgroup(Shim& shim, const Args& args) {
  shim.cgroup = Fd(open(args[0], O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!shim.cgroup) return failed("open", args[0]);
  return done;
}

Outcome chooseNamespaces(Shim& shim, const Args& kinds) {
  for (const char* kind : kinds) {
    if (namespaceFlag(kind) == 0) return refused(EINVAL, "clone3", kind);
    shim.namespaces |= namespaceFlag(kind);
  }
  return done;
}
