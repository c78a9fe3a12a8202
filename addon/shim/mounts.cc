#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdlib>
#include <cstring>

#include "container.h"
#include "resolve.h"
#include "tree.h"

namespace {

Outcome withPath(Outcome failure, const char* path) {
  if (failure && failure->path.empty()) failure->path = path;
  return failure;
}

/** Hangs `tree` over `path` inside, made when missing. */
Outcome hangInside(const Container& container, const Fd& tree, const char* path, Links links) {
  const Kind kind = isDirectory(tree) ? Kind::Directory : Kind::File;
  const Fd target = makeInside(container.root.get(), path, kind, links);
  if (!target) return failed("openat2", path);
  if (isDirectory(target) != isDirectory(tree)) return refused(isDirectory(target) ? EISDIR : ENOTDIR, "move_mount", path);
  return withPath(hang(tree, target), path);
}

dev_t deviceNumber(const char* major, const char* minor) {
  return makedev(static_cast<unsigned>(atoi(major)), static_cast<unsigned>(atoi(minor)));
}

/** A container that replaced /dev/null by a link must not choose what is bound (CVE-2025-31133): type and number are checked. */
Outcome hostDevice(const char* path, mode_t type, dev_t number, Fd& tree) {
  const Fd node(open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status;
  if (!node || fstat(node.get(), &status) < 0) return failed("open", path);
  if ((status.st_mode & S_IFMT) != type || status.st_rdev != number) return refused(ENODEV, "open", path);
  if (Outcome failure = withPath(cloneTree(node, tree), path)) return failure;
  // Read-only: else chmod inside would change the host's node. Writing into a device needs no writable mount.
  return withPath(changeAttributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV), path);
}

/** The first masked directory gets a new empty file system, the others copies of that mount. */
Outcome emptyDirectory(Container& container, Fd& tree) {
  if (container.empty) return cloneTree(container.empty, tree);
  constexpr uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  if (Outcome failure = newFilesystem("tmpfs", "mode=555,size=4k", attributes, tree)) return failure;
  container.empty = Fd(fcntl(tree.get(), F_DUPFD_CLOEXEC, 3));
  return done;
}

/** No such path, or one that leads nowhere: nothing there to hide. */
bool isMissing(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

}  // namespace

/**
 * Kernel file systems are never mounted through a link: an image whose /proc or /dev is one would have the runtime write
 * elsewhere (CVE-2019-19921, CVE-2023-27561, CVE-2026-41579).
 */
Outcome mountFilesystem(Container& container, const Args& args) {
  const auto attributes = parseAttributes(args[2]);
  if (!attributes) return refused(EINVAL, "mount", args[2]);
  Fd tree;
  if (Outcome failure = newFilesystem(args[0], args[3], *attributes, tree)) return failure;
  return hangInside(container, tree, args[1], Links::Refused);
}

/** With what is mounted below the source. Its target may be a link, as /etc/resolv.conf often is, but ends inside. */
Outcome bindPath(Container& container, const Args& args) {
  const auto attributes = parseAttributes(args[2]);
  if (!attributes) return refused(EINVAL, "mount", args[2]);
  const Fd source(open(args[0], O_PATH | O_CLOEXEC));
  if (!source) return failed("open", args[0]);
  Fd tree;
  if (Outcome failure = withPath(cloneTree(source, tree), args[0])) return failure;
  if (Outcome failure = withPath(changeAttributes(tree, *attributes), args[0])) return failure;
  return hangInside(container, tree, args[1], Links::Inside);
}

Outcome bindDevice(Container& container, const Args& args) {
  const dev_t number = deviceNumber(args[1], args[2]);
  Fd tree;
  if (Outcome failure = hostDevice(args[0], S_IFCHR, number, tree)) return failure;
  return hangInside(container, tree, args[0], Links::Refused);
}

/** A device somebody asked for, under any name; its path inside may lead through links of the image, and ends inside. */
Outcome bindNode(Container& container, const Args& args) {
  const mode_t type = strcmp(args[2], "b") == 0 ? S_IFBLK : S_IFCHR;
  Fd tree;
  if (Outcome failure = hostDevice(args[0], type, deviceNumber(args[3], args[4]), tree)) return failure;
  return hangInside(container, tree, args[1], Links::Inside);
}

Outcome makeSymlink(Container& container, const Args& args) {
  const std::string path(args[1]);
  const size_t slash = path.rfind('/');
  const Fd parent = openInside(container.root.get(), path.substr(0, slash + 1).c_str(), Links::Refused, O_PATH | O_DIRECTORY);
  if (!parent) return failed("openat2", path);
  if (symlinkat(args[0], parent.get(), path.c_str() + slash + 1) < 0) return failed("symlinkat", path);
  return done;
}

Outcome maskPath(Container& container, const Args& args) {
  const Fd target = openInside(container.root.get(), args[0], Links::Inside, O_PATH);
  if (!target) return isMissing(errno) ? Outcome(done) : failed("openat2", args[0]);
  Fd tree;
  Outcome failure = isDirectory(target) ? emptyDirectory(container, tree) : hostDevice("/dev/null", S_IFCHR, makedev(1, 3), tree);
  if (failure) return withPath(failure, args[0]);
  return withPath(hang(tree, target), args[0]);
}

/** A read-only copy of the mount, over itself. */
Outcome makeReadonly(Container& container, const Args& args) {
  const Fd target = openInside(container.root.get(), args[0], Links::Inside, O_PATH);
  if (!target) return isMissing(errno) ? Outcome(done) : failed("openat2", args[0]);
  Fd tree;
  if (Outcome failure = withPath(cloneTree(target, tree), args[0])) return failure;
  if (Outcome failure = withPath(changeAttributes(tree, MOUNT_ATTR_RDONLY), args[0])) return failure;
  return withPath(hang(tree, target), args[0]);
}
