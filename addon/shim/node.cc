#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdlib>
#include <string>

#include "container.h"
#include "resolve.h"

/** In the container's own /dev, whose folder is made when missing; a name that is there already stays. */
Outcome makeNode(Container& container, const Args& args) {
  const std::string path(args[0]);
  const size_t slash = path.rfind('/');
  const Fd parent = makeInside(container.root.get(), path.substr(0, slash + 1).c_str(), Kind::Directory, Links::Refused);
  if (!parent) return failed("openat2", path);
  const char* name = path.c_str() + slash + 1;
  const auto number = [&args](size_t index, int base) { return static_cast<unsigned>(strtoul(args[index], nullptr, base)); };
  const mode_t mode = number(4, 8) | (*args[1] == 'b' ? S_IFBLK : S_IFCHR);
  if (mknodat(parent.get(), name, mode, makedev(number(2, 10), number(3, 10))) < 0) {
    return errno == EEXIST ? Outcome(done) : failed("mknodat", path);
  }
  // The umask has taken from the mode.
  if (fchmodat(parent.get(), name, number(4, 8), 0) < 0) return failed("fchmodat", path);
  if (fchownat(parent.get(), name, number(5, 10), number(6, 10), AT_SYMLINK_NOFOLLOW) < 0) return failed("fchownat", path);
  return done;
}

/** The root file system alone: what is mounted on it keeps its own mode. After the last step that makes something in it. */
Outcome sealRoot(Container& container, const Args&) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (mount_setattr(container.root.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0) return failed("mount_setattr", "/");
  return done;
}
