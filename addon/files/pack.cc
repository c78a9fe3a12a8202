#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <vector>

#include "../shim/directory.h"
#include "archive.h"
#include "files.h"

namespace {

using Links = std::map<std::pair<dev_t, ino_t>, std::string>;

/** What an archive carries on: not what one kernel or one overlay means by it. */
bool travels(std::string_view name) { return name.starts_with("user.") || name == "security.capability"; }

void readAttributes(const Fd& file, Entry& entry) {
  char names[1 << 16];
  char value[1 << 16];
  const ssize_t size = flistxattr(file.get(), names, sizeof names);
  for (const char* name = names; name < names + size; name += strlen(name) + 1) {
    if (!travels(name)) continue;
    const ssize_t length = fgetxattr(file.get(), name, value, sizeof value);
    if (length >= 0) entry.attributes[name] = std::string(value, static_cast<size_t>(length));
  }
}

Entry describe(const struct stat& status, std::string name) {
  Entry entry;
  entry.name = std::move(name);
  entry.mode = status.st_mode & 07777;
  entry.uid = status.st_uid;
  entry.gid = status.st_gid;
  entry.mtime = status.st_mtim.tv_sec;
  entry.major = major(status.st_rdev);
  entry.minor = minor(status.st_rdev);
  return entry;
}

/** Exactly as many bytes as the header said: a file may grow or shrink meanwhile. */
Outcome packContent(const Fd& file, uint64_t size) {
  std::vector<char> buffer(1 << 17);
  uint64_t left = size;
  while (left > 0) {
    const ssize_t count = read(file.get(), buffer.data(), static_cast<size_t>(std::min<uint64_t>(left, buffer.size())));
    if (count < 0) return failed("read");
    if (count == 0) std::ranges::fill(buffer, '\0');
    const uint64_t part = count == 0 ? std::min<uint64_t>(left, buffer.size()) : static_cast<uint64_t>(count);
    if (Outcome failure = writeAll({buffer.data(), static_cast<size_t>(part)})) return failure;
    left -= part;
  }
  return writePadding(size);
}

Outcome packFile(const Fd& parent, const char* name, Entry entry) {
  const Fd file = openBelow(parent, name, O_RDONLY | O_NONBLOCK);
  struct stat status;
  if (!file || fstat(file.get(), &status) < 0) return failed("openat", entry.name);
  if (!S_ISREG(status.st_mode)) return done; // replaced meanwhile
  entry.size = static_cast<uint64_t>(status.st_size);
  readAttributes(file, entry);
  if (Outcome failure = writeHeader(entry)) return failure;
  return packContent(file, entry.size);
}

Outcome packLink(const Fd& parent, const char* name, Entry entry) {
  char text[PATH_MAX];
  const ssize_t length = readlinkat(parent.get(), name, text, sizeof text);
  if (length < 0) return failed("readlinkat", entry.name);
  entry.type = '2';
  entry.target.assign(text, static_cast<size_t>(length));
  return writeHeader(entry);
}

Outcome packEntry(Links& links, const Fd& parent, const char* name, const std::string& path);

Outcome packDirectory(Links& links, const Fd& parent, const char* name, Entry entry) {
  const Fd directory = openBelow(parent, name, O_RDONLY | O_DIRECTORY);
  std::vector<std::string> names;
  if (!directory) return failed("openat", entry.name);
  const std::string path = entry.name + '/';
  entry.type = '5';
  entry.name = path;
  readAttributes(directory, entry);
  if (Outcome failure = writeHeader(entry)) return failure;
  if (Outcome failure = listNames(directory, names)) return failure;
  for (const std::string& below : names) {
    if (Outcome failure = packEntry(links, directory, below.c_str(), path + below)) return failure;
  }
  return done;
}

/** What vanished since it was listed is left out; so are sockets, for which tar has no word. */
Outcome packEntry(Links& links, const Fd& parent, const char* name, const std::string& path) {
  struct stat status;
  if (fstatat(parent.get(), name, &status, AT_SYMLINK_NOFOLLOW) < 0) return errno == ENOENT ? Outcome(done) : failed("fstatat", path);
  Entry entry = describe(status, path);
  if (S_ISDIR(status.st_mode)) return packDirectory(links, parent, name, std::move(entry));
  if (S_ISSOCK(status.st_mode)) return done;
  if (status.st_nlink > 1) {
    const auto [first, isFirst] = links.try_emplace({status.st_dev, status.st_ino}, path);
    if (!isFirst) {
      entry.type = '1';
      entry.target = first->second;
      return writeHeader(entry);
    }
  }
  if (S_ISREG(status.st_mode)) return packFile(parent, name, std::move(entry));
  if (S_ISLNK(status.st_mode)) return packLink(parent, name, std::move(entry));
  entry.type = S_ISCHR(status.st_mode) ? '3' : S_ISBLK(status.st_mode) ? '4' : '6';
  return writeHeader(entry);
}

}  // namespace

/** The second argument is what the archive calls it. */
Outcome packTree(Container& container, const Args& args) {
  Place place;
  struct stat status;
  if (!locate(container, args[0], place)) return failed("open", args[0]);
  if (fstatat(place.parent.get(), place.base.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) return failed("stat", args[0]);
  Links links;
  if (Outcome failure = packEntry(links, place.parent, place.base.c_str(), args[1])) return failure;
  return writeEnd();
}
