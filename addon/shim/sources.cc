// What the user mounts: trees of the host, and tmpfs. A source is opened once, before anything is decided about it; after
// that no path of the host is looked up again, so that no link can be slipped in between.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cstdlib>
#include <cstring>

#include "container.h"
#include "resolve.h"
#include "tree.h"

namespace {

/** MS_… of `rprivate` and its kin; 0 for any other word. */
uint64_t propagationOf(std::string_view word) {
  if (word.starts_with('r')) word.remove_prefix(1);
  if (word == "private") return MS_PRIVATE;
  if (word == "shared") return MS_SHARED;
  return word == "slave" ? MS_SLAVE : 0;
}

Outcome setOn(const Fd& tree, uint64_t attributes, uint64_t propagation, unsigned extent) {
  if (attributes == 0 && propagation == 0) return done;
  mount_attr wanted{};
  wanted.attr_set = attributes;
  wanted.propagation = propagation;
  if (mount_setattr(tree.get(), "", AT_EMPTY_PATH | extent, &wanted, sizeof wanted) < 0) return failed("mount_setattr");
  return done;
}

/** A container that mounts over its own /proc would have the runtime write where it likes (CVE-2019-16884). */
bool isProc(const Fd& target) {
  struct statfs status;
  return fstatfs(target.get(), &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

Outcome hangOver(const Container& container, const Fd& tree, const char* path) {
  const Kind kind = isDirectory(tree) ? Kind::Directory : Kind::File;
  const Fd target = makeInside(container.root.get(), path, kind, Links::Inside);
  if (!target) return failed("openat2", path);
  if (isDirectory(target) != isDirectory(tree)) return refused(isDirectory(target) ? EISDIR : ENOTDIR, "move_mount", path);
  if (isProc(target)) return refused(EPERM, "move_mount", path);
  Outcome failure = hang(tree, target);
  if (failure) failure->path = path;
  return failure;
}

/** tmpfs takes the mode of what it covers, as with runc; what `options` say comes later and wins. */
std::string withModeOf(const Fd& covered, const char* options) {
  struct stat status;
  if (!covered || fstat(covered.get(), &status) < 0) return options;
  char mode[16];
  snprintf(mode, sizeof mode, "mode=%o", status.st_mode & 07777);
  return *options == '\0' ? std::string(mode) : std::string(mode) + ',' + options;
}

}  // namespace

/** The subpath of a volume is resolved without any link: whoever writes to the volume could choose another place. */
Outcome openSource(Container& container, const Args& args) {
  Fd source(open(args[0], O_PATH | O_CLOEXEC));
  if (!source) return failed("open", args[0]);
  if (*args[1] != '\0') {
    source = openInside(source.get(), args[1], Links::Refused, O_PATH);
    if (!source) return failed("openat2", args[1]);
  }
  const unsigned extent = strcmp(args[2], "single") == 0 ? 0 : AT_RECURSIVE;
  Fd tree(open_tree(source.get(), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | extent));
  if (!tree) return failed("open_tree", args[0]);
  container.sources.push_back(std::move(tree));
  return done;
}

/** One mount_setattr, two when some of it is for the top alone. */
Outcome attachSource(Container& container, const Args& args) {
  const size_t index = strtoul(args[0], nullptr, 10);
  const auto all = parseAttributes(args[2]), top = parseAttributes(args[3]);
  const uint64_t propagation = propagationOf(args[4]);
  if (index >= container.sources.size() || !all || !top || propagation == 0) return refused(EINVAL, "attach", args[1]);
  const Fd& tree = container.sources[index];
  const bool below = args[4][0] == 'r';
  if (Outcome failure = setOn(tree, *all, below ? propagation : 0, AT_RECURSIVE)) return failure;
  if (Outcome failure = setOn(tree, *top, below ? 0 : propagation, 0)) return failure;
  return hangOver(container, tree, args[1]);
}

Outcome mountTmpfs(Container& container, const Args& args) {
  const auto attributes = parseAttributes(args[1]);
  if (!attributes) return refused(EINVAL, "mount", args[1]);
  const Fd covered = openInside(container.root.get(), args[0], Links::Inside, O_PATH);
  Fd tree;
  if (Outcome failure = newFilesystem("tmpfs", withModeOf(covered, args[2]).c_str(), *attributes, tree)) return failure;
  return hangOver(container, tree, args[0]);
}
