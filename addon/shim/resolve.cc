#include "resolve.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <climits>
#include <string>
#include <vector>

namespace {

/** As many as the kernel follows (MAXSYMLINKS). */
constexpr int maxLinks = 40;

Fd fail(int error) {
  errno = error;
  return Fd();
}

/**
 * A path walked in user space, needed only where something is to be made: mkdirat on an open directory, one name at a time
 * and never through a link, cannot be led out by a link that appears meanwhile (CVE-2021-30465, CVE-2024-45310).
 */
class Walk {
 public:
  Walk(int root, const char* path, Links links) : root_(root), rest_(path), links_(links) {}

  Fd make(Kind kind) {
    for (std::string name = next(); !name.empty(); name = next()) {
      if (name == ".") continue;
      if (name == "..") {
        if (!trail_.empty()) trail_.pop_back();
      } else if (!enter(name, rest_.empty() ? kind : Kind::Directory)) {
        return Fd();
      }
    }
    return trail_.empty() ? Fd(fcntl(root_, F_DUPFD_CLOEXEC, 3)) : std::move(trail_.back());
  }

 private:
  std::string next() {
    const size_t begin = rest_.find_first_not_of('/');
    if (begin == std::string::npos) return {};
    const size_t end = rest_.find('/', begin);
    std::string name = rest_.substr(begin, end - begin);
    const size_t more = end == std::string::npos ? end : rest_.find_first_not_of('/', end);
    rest_ = more == std::string::npos ? std::string() : rest_.substr(more);
    return name;
  }

  int here() const { return trail_.empty() ? root_ : trail_.back().get(); }

  bool enter(const std::string& name, Kind kind) {
    Fd fd = open(name, kind);
    struct stat status;
    if (!fd || fstat(fd.get(), &status) < 0) return false;
    if (S_ISLNK(status.st_mode)) return follow(fd);
    trail_.push_back(std::move(fd));
    return true;
  }

  Fd open(const std::string& name, Kind kind) {
    Fd fd(openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (fd || errno != ENOENT) return fd;
    if (!create(name, kind)) return Fd();
    return Fd(openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  }

  /** EEXIST is somebody else's doing, and fine: it is looked at again. */
  bool create(const std::string& name, Kind kind) const {
    if (kind == Kind::Directory) return mkdirat(here(), name.c_str(), 0755) == 0 || errno == EEXIST;
    const Fd file(openat(here(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    return file || errno == EEXIST;
  }

  /** The text of a link is only ever read: magic links of /proc lead where their text says, inside. */
  bool follow(const Fd& link) {
    if (links_ == Links::Refused || ++followed_ > maxLinks) return static_cast<bool>(fail(ELOOP));
    char text[PATH_MAX];
    const ssize_t length = readlinkat(link.get(), "", text, sizeof text);
    if (length < 0) return false;
    if (length > 0 && text[0] == '/') trail_.clear();
    rest_ = std::string(text, static_cast<size_t>(length)) + (rest_.empty() ? "" : "/" + rest_);
    return true;
  }

  int root_;
  std::string rest_;
  Links links_;
  std::vector<Fd> trail_;
  int followed_ = 0;
};

}  // namespace

Fd openInside(int root, const char* path, Links links, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (links == Links::Refused ? RESOLVE_NO_SYMLINKS : 0);
  // EAGAIN: a rename or mount anywhere on the machine crossed a `..`; the kernel asks to try again.
  for (int attempt = 0; attempt < 128; attempt++) {
    Fd fd(syscall(SYS_openat2, root, path, &how, sizeof how));
    if (fd || errno != EAGAIN) return fd;
  }
  return Fd();
}

Fd makeInside(int root, const char* path, Kind kind, Links links) {
  Fd found = openInside(root, path, links, O_PATH);
  if (found || errno != ENOENT) return found;
  return Walk(root, path, links).make(kind);
}

bool isDirectory(const Fd& fd) {
  struct stat status;
  return fstat(fd.get(), &status) == 0 && S_ISDIR(status.st_mode);
}
