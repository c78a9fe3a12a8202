#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "container.h"
#include "resolve.h"
#include "tree.h"

namespace {

enum { Target, Attributes, Options, Upper, Work, FirstLower };

std::string escaped(std::string_view path, std::string_view special) {
  std::string text;
  for (const char c : path) {
    if (special.find(c) != std::string_view::npos) text += '\\';
    text += c;
  }
  return text;
}

/** `lowerdir+` takes a path as it is, and any number of them; the other two are unescaped by the kernel (ovl_unescape). */
Outcome overlayTree(const Args& args, uint64_t attributes, Fd& tree) {
  FilesystemContext context("overlay");
  if (Outcome failure = context.set("source", "overlay")) return failure;
  for (size_t i = FirstLower; i < args.size(); i++) {
    if (Outcome failure = context.set("lowerdir+", args[i])) return failure;
  }
  if (Outcome failure = context.set("upperdir", escaped(args[Upper], "\\").c_str())) return failure;
  if (Outcome failure = context.set("workdir", escaped(args[Work], "\\").c_str())) return failure;
  if (Outcome failure = context.setAll(args[Options])) return failure;
  return context.create(attributes, tree);
}

/** mount(2)'s text of at most 4095 bytes, in which `,` and, between lower directories, `:` separate. */
std::string overlayText(const Args& args) {
  std::string text = args[Options];
  for (size_t i = FirstLower; i < args.size(); i++) text += (i == FirstLower ? ",lowerdir=" : ":") + escaped(args[i], "\\,:");
  text += ",upperdir=" + escaped(args[Upper], "\\,");
  return text + ",workdir=" + escaped(args[Work], "\\,");
}

/** Linux 6.1 knows no `lowerdir+`, and its fsconfig takes no comma in a path: the old call does both. */
Outcome mountOldOverlay(const Args& args, uint64_t attributes) {
  unsigned long flags = attributes & MOUNT_ATTR_NODEV ? MS_NODEV : 0;
  if (attributes & MOUNT_ATTR_NOSUID) flags |= MS_NOSUID;
  if (attributes & MOUNT_ATTR_RDONLY) flags |= MS_RDONLY;
  const std::string text = overlayText(args);
  if (text.size() > 4095) return refused(E2BIG, "mount", args[Target]);
  if (mount("overlay", args[Target], "overlay", flags, text.c_str()) < 0) return failed("mount", args[Target]);
  return done;
}

/** Of the directory on which the root was hung: what is found by its path now is the mount. */
Outcome holdRoot(Container& container, const char* target) {
  container.root = Fd(open(target, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return container.root ? Outcome(done) : failed("open", target);
}

/** Without any link on the way: its path was resolved when it was asked for, and is to mean the same directory still. */
Outcome openHostDirectory(const char* path, Fd& tree) {
  const Fd host(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Fd source = openInside(host.get(), path, Links::Refused, O_PATH | O_DIRECTORY);
  if (!source) return failed("openat2", path);
  return cloneTree(source, tree);
}

/** Its ids on the disk are those inside, as of an image's layers (Linux 5.12). */
Outcome mapIds(const Fd& tree, const Fd& userns) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<uint64_t>(userns.get());
  if (mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) < 0) return failed("mount_setattr");
  return done;
}

}  // namespace

/** Nothing the container mounts reaches the host, while what the host unmounts goes away here too. */
Outcome makeSlave(Container&, const Args& args) {
  if (mount(nullptr, args[0], nullptr, MS_SLAVE | MS_REC, nullptr) < 0) return failed("mount", args[0]);
  return done;
}

Outcome mountOverlay(Container& container, const Args& args) {
  const auto attributes = parseAttributes(args[Attributes]);
  if (!attributes) return refused(EINVAL, "mount", args[Attributes]);
  Fd tree;
  if (Outcome failure = overlayTree(args, *attributes, tree)) {
    if (failure->error != EINVAL) return failure;
    if (mountOldOverlay(args, *attributes)) return failure;
  } else if (move_mount(tree.get(), "", AT_FDCWD, args[Target], MOVE_MOUNT_F_EMPTY_PATH) < 0) {
    return failed("move_mount", args[Target]);
  }
  return holdRoot(container, args[Target]);
}

/** A directory of the host is the root: the mount is the container's own, what it writes is the directory's. */
Outcome mountDirectory(Container& container, const Args& args) {
  const auto attributes = parseAttributes(args[1]);
  if (!attributes) return refused(EINVAL, "mount", args[1]);
  Fd tree;
  Outcome failure = openHostDirectory(args[2], tree);
  if (!failure) failure = changeAttributes(tree, *attributes);
  if (!failure && strcmp(args[3], "mapped") == 0) failure = mapIds(tree, container.userns);
  if (failure) {
    failure->path = args[2];
    return failure;
  }
  if (move_mount(tree.get(), "", AT_FDCWD, args[0], MOVE_MOUNT_F_EMPTY_PATH) < 0) return failed("move_mount", args[0]);
  return holdRoot(container, args[0]);
}

/** The old root ends up over the new one, at the same place, and is taken off: no directory for it is needed. */
Outcome pivotRoot(Container& container, const Args&) {
  if (fchdir(container.root.get()) < 0) return failed("fchdir");
  if (syscall(SYS_pivot_root, ".", ".") < 0) return failed("pivot_root");
  if (umount2(".", MNT_DETACH) < 0) return failed("umount2");
  if (chdir("/") < 0) return failed("chdir", "/");
  return done;
}
