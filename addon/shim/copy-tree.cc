#include "copy-tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <climits>
#include <map>
#include <string>

#include "directory.h"
#include "metadata.h"

namespace {

/** Where the first name of a file with several was copied to, below the destination's root. */
using Links = std::map<std::pair<dev_t, ino_t>, std::string>;

struct Copy {
  const Fd& root;
  uint64_t mount;
  Links links;
};

uint64_t mountOf(int directory, const char* name, int flags) {
  struct statx status;
  return statx(directory, name, flags | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &status) < 0 ? 0 : status.stx_mnt_id;
}

Outcome at(Outcome failure, const std::string& path) {
  if (failure && failure->path.empty()) failure->path = path;
  return failure;
}

Outcome finish(const Fd& from, const Fd& to, const struct stat& status) {
  if (fchown(to.get(), status.st_uid, status.st_gid) < 0) return failed("fchown");
  if (Outcome failure = copyAttributes(from, to)) return failure; // after the owner, whose change takes capabilities away
  return applyStatus(to, status);
}

Outcome copyFile(const Fd& from, const Fd& to, const char* name, const struct stat& status) {
  const Fd source = openBelow(from, name, O_RDONLY | O_NONBLOCK);
  const Fd target(openat(to.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!source || !target) return failed("openat", name);
  if (Outcome failure = copyContent(source, target)) return failure;
  return finish(source, target, status);
}

Outcome copyLink(const Fd& from, const Fd& to, const char* name) {
  char text[PATH_MAX];
  const ssize_t length = readlinkat(from.get(), name, text, sizeof text - 1);
  if (length < 0) return failed("readlinkat", name);
  text[length] = '\0';
  if (symlinkat(text, to.get(), name) < 0) return failed("symlinkat", name);
  return done;
}

/** A node, pipe or socket. */
Outcome copyNode(const Fd& to, const char* name, const struct stat& status) {
  if (mknodat(to.get(), name, status.st_mode, status.st_rdev) < 0) return failed("mknodat", name);
  if (fchmodat(to.get(), name, status.st_mode & 07777, 0) < 0) return failed("fchmodat", name);
  return done;
}

Outcome setOwner(const Fd& to, const char* name, const struct stat& status) {
  if (fchownat(to.get(), name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) < 0) return failed("fchownat", name);
  const timespec times[2] = {status.st_atim, status.st_mtim};
  if (utimensat(to.get(), name, times, AT_SYMLINK_NOFOLLOW) < 0) return failed("utimensat", name);
  return done;
}

Outcome copyEntries(Copy& copy, const Fd& from, const Fd& to, const std::string& path);

Outcome copyDirectory(Copy& copy, const Fd& from, const Fd& to, const std::string& path) {
  const char* name = path.c_str() + path.rfind('/') + 1;
  if (mkdirat(to.get(), name, 0700) < 0) return failed("mkdirat", name);
  const Fd source = openBelow(from, name, O_RDONLY | O_DIRECTORY), target = openBelow(to, name, O_RDONLY | O_DIRECTORY);
  if (!source || !target) return failed("openat", name);
  return copyEntries(copy, source, target, path);
}

Outcome copyEntry(Copy& copy, const Fd& from, const Fd& to, const std::string& path) {
  const char* name = path.c_str() + path.rfind('/') + 1;
  struct stat status;
  if (mountOf(from.get(), name, 0) != copy.mount) return done;
  if (fstatat(from.get(), name, &status, AT_SYMLINK_NOFOLLOW) < 0) return failed("fstatat", name);
  if (S_ISDIR(status.st_mode)) return copyDirectory(copy, from, to, path);
  if (status.st_nlink > 1) {
    const auto [first, isFirst] = copy.links.try_emplace({status.st_dev, status.st_ino}, path);
    if (!isFirst) return linkat(copy.root.get(), first->second.c_str(), to.get(), name, 0) < 0 ? failed("linkat", name) : done;
  }
  if (S_ISREG(status.st_mode)) return copyFile(from, to, name, status);
  if (Outcome failure = S_ISLNK(status.st_mode) ? copyLink(from, to, name) : copyNode(to, name, status)) return failure;
  return setOwner(to, name, status);
}

/** The directory's own times last: what is made in it would change them. */
Outcome copyEntries(Copy& copy, const Fd& from, const Fd& to, const std::string& path) {
  struct stat status;
  std::vector<std::string> names;
  if (fstat(from.get(), &status) < 0) return failed("fstat", path);
  if (Outcome failure = listNames(from, names)) return at(failure, path);
  for (const std::string& name : names) {
    const std::string below = path.empty() ? name : path + '/' + name;
    if (Outcome failure = copyEntry(copy, from, to, below)) return at(failure, below);
  }
  return at(finish(from, to, status), path);
}

}  // namespace

Outcome copyTree(const Fd& from, const Fd& to) {
  Copy copy{to, mountOf(from.get(), "", AT_EMPTY_PATH), {}};
  return copyEntries(copy, from, to, "");
}

Outcome clearTree(const Fd& directory) {
  std::vector<std::string> names;
  if (Outcome failure = listNames(directory, names)) return failure;
  for (const std::string& name : names) {
    const Fd below = openBelow(directory, name.c_str(), O_RDONLY | O_DIRECTORY);
    if (below) {
      if (Outcome failure = clearTree(below)) return failure;
    }
    if (unlinkat(directory.get(), name.c_str(), below ? AT_REMOVEDIR : 0) < 0) return failed("unlinkat", name);
  }
  return done;
}
