// Puts an archive's entries below a directory. Every name is looked up inside the root anew, one component at a time and by
// openat2(RESOLVE_IN_ROOT): whatever links the archive or the container makes meanwhile, they end inside.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <cstring>
#include <vector>

#include "../shim/copy-tree.h"
#include "../shim/directory.h"
#include "../shim/resolve.h"
#include "archive.h"
#include "files.h"

namespace {

/** How an existing thing of another kind is met, and what a name of Docker's layers means. */
enum class Mode {
  /** Replaced. */
  Replace,
  /** Refused: PUT archive with noOverwriteDirNonDir. */
  Keep,
  /** Replaced, and `.wh.x` removes x. */
  Layer,
};

struct Unpacking {
  int root;
  std::string directory;
  Mode mode;
  /** Both, or the archive's own. */
  std::optional<std::pair<uid_t, gid_t>> owner;
  ArchiveReader reader;
  std::vector<Entry> directories;
};

struct Target {
  Fd parent;
  std::string name;
};

bool climbs(std::string_view name) {
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find('/', at), name.size());
    if (name.substr(at, end - at) == "..") return true;
    at = end + 1;
  }
  return false;
}

/** Without `./`, doubled and last slashes; '' is the directory itself. */
std::string cleaned(std::string_view name) {
  std::string clean;
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    if (!part.empty() && part != ".") (clean += clean.empty() ? "" : "/") += part;
    at = end + 1;
  }
  return clean;
}

Outcome locateTarget(const Unpacking& unpacking, const std::string& name, Target& target) {
  const size_t slash = name.rfind('/');
  const std::string parent = unpacking.directory + '/' + (slash == std::string::npos ? "" : name.substr(0, slash));
  target.parent = makeInside(unpacking.root, parent.c_str(), Kind::Directory, Links::Inside);
  target.name = slash == std::string::npos ? name : name.substr(slash + 1);
  return target.parent ? Outcome(done) : failed("openat2", name);
}

Outcome removeOld(const Target& target, bool isDirectory) {
  if (isDirectory) {
    const Fd old = openBelow(target.parent, target.name.c_str(), O_RDONLY | O_DIRECTORY);
    if (!old) return failed("openat", target.name);
    if (Outcome failure = clearTree(old)) return failure;
  }
  if (unlinkat(target.parent.get(), target.name.c_str(), isDirectory ? AT_REMOVEDIR : 0) < 0) return failed("unlinkat", target.name);
  return done;
}

/** Directories are merged, everything else gives way. */
Outcome makeRoom(const Unpacking& unpacking, const Target& target, const Entry& entry, bool& exists) {
  struct stat status;
  exists = fstatat(target.parent.get(), target.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!exists) return errno == ENOENT ? Outcome(done) : failed("fstatat", entry.name);
  const bool wasDirectory = S_ISDIR(status.st_mode), isDirectory = entry.type == '5';
  if (wasDirectory && isDirectory) return done;
  if (unpacking.mode == Mode::Keep && wasDirectory) return refused(EISDIR, "unpack", entry.name);
  if (unpacking.mode == Mode::Keep && isDirectory) return refused(ENOTDIR, "unpack", entry.name);
  exists = false;
  return removeOld(target, wasDirectory);
}

/** What overlayfs or the kernel's integrity checks would obey is not for an archive to say. */
bool isAllowed(std::string_view attribute) {
  return attribute.starts_with("user.") || attribute == "security.capability" || attribute.starts_with("system.posix_acl_");
}

Outcome setAttributes(const Fd& fd, const Entry& entry) {
  for (const auto& [name, value] : entry.attributes) {
    if (!isAllowed(name)) continue;
    if (fsetxattr(fd.get(), name.c_str(), value.data(), value.size(), 0) < 0 && errno != ENOTSUP) return failed("fsetxattr", entry.name);
  }
  return done;
}

/** Owner first: changing it takes setuid and capabilities away. */
Outcome setMetadata(const Unpacking& unpacking, const Fd& fd, const Entry& entry) {
  const auto [uid, gid] = unpacking.owner.value_or(std::pair(entry.uid, entry.gid));
  if (fchown(fd.get(), uid, gid) < 0) return failed("fchown", entry.name);
  if (Outcome failure = setAttributes(fd, entry)) return failure;
  if (fchmod(fd.get(), entry.mode) < 0) return failed("fchmod", entry.name);
  const timespec times[2] = {{entry.mtime, 0}, {entry.mtime, 0}};
  if (futimens(fd.get(), times) < 0) return failed("futimens", entry.name);
  return done;
}

Outcome unpackFile(Unpacking& unpacking, const Target& target, const Entry& entry) {
  const Fd file(openat(target.parent.get(), target.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return failed("openat", entry.name);
  std::vector<char> buffer(1 << 17);
  for (;;) {
    size_t count = 0;
    if (Outcome failure = unpacking.reader.read(buffer.data(), buffer.size(), count)) return failure;
    if (count == 0) break;
    for (size_t at = 0; at < count;) {
      const ssize_t written = write(file.get(), buffer.data() + at, count - at);
      if (written < 0) return failed("write", entry.name);
      at += static_cast<size_t>(written);
    }
  }
  return setMetadata(unpacking, file, entry);
}

/** Its metadata come when all is in it. */
Outcome unpackDirectory(Unpacking& unpacking, const Target& target, const Entry& entry, bool exists) {
  if (!exists && mkdirat(target.parent.get(), target.name.c_str(), 0700) < 0) return failed("mkdirat", entry.name);
  unpacking.directories.push_back(entry);
  return done;
}

Outcome unpackHardLink(const Unpacking& unpacking, const Target& target, const Entry& entry) {
  if (climbs(entry.target)) return refused(EINVAL, "unpack", entry.name);
  Target source;
  if (Outcome failure = locateTarget(unpacking, cleaned(entry.target), source)) return failure;
  if (linkat(source.parent.get(), source.name.c_str(), target.parent.get(), target.name.c_str(), 0) < 0) return failed("linkat", entry.name);
  return done;
}

Outcome setOwnerOf(const Unpacking& unpacking, const Target& target, const Entry& entry) {
  const auto [uid, gid] = unpacking.owner.value_or(std::pair(entry.uid, entry.gid));
  if (fchownat(target.parent.get(), target.name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) < 0) return failed("fchownat", entry.name);
  const timespec times[2] = {{entry.mtime, 0}, {entry.mtime, 0}};
  if (utimensat(target.parent.get(), target.name.c_str(), times, AT_SYMLINK_NOFOLLOW) < 0) return failed("utimensat", entry.name);
  return done;
}

Outcome unpackSymlink(const Unpacking& unpacking, const Target& target, const Entry& entry) {
  if (symlinkat(entry.target.c_str(), target.parent.get(), target.name.c_str()) < 0) return failed("symlinkat", entry.name);
  return setOwnerOf(unpacking, target, entry);
}

/** A character device 0:0 is overlayfs's own word for "not there". */
Outcome unpackNode(const Unpacking& unpacking, const Target& target, const Entry& entry) {
  const mode_t kind = entry.type == '3' ? S_IFCHR : entry.type == '4' ? S_IFBLK : S_IFIFO;
  const dev_t number = kind == S_IFIFO ? 0 : makedev(entry.major, entry.minor);
  if (kind == S_IFCHR && number == 0) return refused(EINVAL, "unpack", entry.name);
  if (mknodat(target.parent.get(), target.name.c_str(), kind | 0600, number) < 0) return failed("mknodat", entry.name);
  if (Outcome failure = setOwnerOf(unpacking, target, entry)) return failure;
  if (fchmodat(target.parent.get(), target.name.c_str(), entry.mode, 0) < 0) return failed("fchmodat", entry.name);
  return done;
}

/** `.wh.x` of Docker's layers: x goes. `.wh..wh.…` is aufs's own. */
Outcome applyWhiteout(const Target& target) {
  if (target.name.starts_with(".wh..wh.")) return done;
  const Target hidden{Fd(fcntl(target.parent.get(), F_DUPFD_CLOEXEC, 5)), target.name.substr(4)};
  struct stat status;
  if (fstatat(hidden.parent.get(), hidden.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) return done;
  return removeOld(hidden, S_ISDIR(status.st_mode));
}

Outcome unpackEntry(Unpacking& unpacking, const Entry& entry) {
  if (climbs(entry.name)) return refused(EINVAL, "unpack", entry.name);
  const std::string name = cleaned(entry.name);
  if (name.empty()) {
    if (unpacking.mode == Mode::Layer && entry.type == '5') unpacking.directories.push_back(entry);
    return done;
  }
  Target target;
  bool exists = false;
  if (Outcome failure = locateTarget(unpacking, name, target)) return failure;
  if (unpacking.mode == Mode::Layer && target.name.starts_with(".wh.")) return applyWhiteout(target);
  if (Outcome failure = makeRoom(unpacking, target, entry, exists)) return failure;
  switch (entry.type) {
    case '0': return unpackFile(unpacking, target, entry);
    case '1': return unpackHardLink(unpacking, target, entry);
    case '2': return unpackSymlink(unpacking, target, entry);
    case '3':
    case '4':
    case '6': return unpackNode(unpacking, target, entry);
    case '5': return unpackDirectory(unpacking, target, entry, exists);
    default: return refused(ENOTSUP, "unpack", entry.name);
  }
}

/** Deepest first: a time is changed by what is made below, a mode may take away the way there. */
Outcome finishDirectories(Unpacking& unpacking) {
  for (auto entry = unpacking.directories.rbegin(); entry != unpacking.directories.rend(); ++entry) {
    const std::string path = unpacking.directory + '/' + cleaned(entry->name);
    const Fd directory = openInside(unpacking.root, path.c_str(), Links::Inside, O_RDONLY | O_DIRECTORY);
    if (!directory) return failed("openat2", entry->name);
    if (Outcome failure = setMetadata(unpacking, directory, *entry)) return failure;
  }
  return done;
}

Mode modeOf(std::string_view word) {
  if (word == "layer") return Mode::Layer;
  return word == "keep" ? Mode::Keep : Mode::Replace;
}

std::optional<std::pair<uid_t, gid_t>> ownerOf(const char* text) {
  unsigned uid, gid;
  if (sscanf(text, "%u:%u", &uid, &gid) != 2) return std::nullopt;
  return std::pair(uid, gid);
}

}  // namespace

Outcome unpackArchive(Container& container, const Args& args) {
  umask(0);
  const Fd directory = openInside(container.root.get(), args[0], Links::Inside, O_PATH);
  if (!directory) return failed("open", args[0]);
  if (!isDirectory(directory)) return refused(ENOTDIR, "open", args[0]);
  Unpacking unpacking{container.root.get(), args[0], modeOf(args[2]), ownerOf(args[1]), {}, {}};
  Entry entry;
  for (bool found = true;;) {
    if (Outcome failure = unpacking.reader.next(entry, found)) return failure;
    if (!found) break;
    if (Outcome failure = unpackEntry(unpacking, entry)) return failure;
  }
  if (Outcome failure = finishDirectories(unpacking)) return failure;
  return unpacking.reader.drain();
}
