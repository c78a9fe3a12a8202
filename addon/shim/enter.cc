#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "container.h"
#include "namespaces.h"

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
