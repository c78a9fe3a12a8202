#include "metadata.h"

#include <sys/xattr.h>

#include <cstring>
#include <string>
#include <vector>

namespace {

bool belongsToOverlay(const char* name) { return strncmp(name, "trusted.overlay.", 16) == 0; }

Outcome copyAttribute(const Fd& from, const Fd& to, const char* name) {
  const ssize_t size = fgetxattr(from.get(), name, nullptr, 0);
  if (size < 0) return failed("fgetxattr", name);
  std::vector<char> value(static_cast<size_t>(size));
  const ssize_t length = fgetxattr(from.get(), name, value.data(), value.size());
  if (length < 0) return failed("fgetxattr", name);
  if (fsetxattr(to.get(), name, value.data(), static_cast<size_t>(length), 0) < 0 && errno != ENOTSUP) return failed("fsetxattr", name);
  return done;
}

}  // namespace

Outcome copyAttributes(const Fd& from, const Fd& to) {
  const ssize_t size = flistxattr(from.get(), nullptr, 0);
  if (size <= 0) return size == 0 || errno == ENOTSUP ? Outcome(done) : failed("flistxattr");
  std::string names(static_cast<size_t>(size), '\0');
  const ssize_t length = flistxattr(from.get(), names.data(), names.size());
  if (length < 0) return failed("flistxattr");
  for (size_t at = 0; at < static_cast<size_t>(length); at += strlen(names.c_str() + at) + 1) {
    if (belongsToOverlay(names.c_str() + at)) continue;
    if (Outcome failure = copyAttribute(from, to, names.c_str() + at)) return failure;
  }
  return done;
}

Outcome applyStatus(const Fd& fd, const struct stat& status) {
  if (fchown(fd.get(), status.st_uid, status.st_gid) < 0) return failed("fchown");
  if (fchmod(fd.get(), status.st_mode & 07777) < 0) return failed("fchmod");
  const timespec times[2] = {status.st_atim, status.st_mtim};
  if (futimens(fd.get(), times) < 0) return failed("futimens");
  return done;
}

Outcome copyContent(const Fd& from, const Fd& to) {
  std::vector<char> buffer(1 << 17);
  for (;;) {
    const ssize_t count = read(from.get(), buffer.data(), buffer.size());
    if (count < 0) return failed("read");
    if (count == 0) return done;
    for (ssize_t written = 0; written < count;) {
      const ssize_t more = write(to.get(), buffer.data() + written, static_cast<size_t>(count - written));
      if (more < 0) return failed("write");
      written += more;
    }
  }
}
