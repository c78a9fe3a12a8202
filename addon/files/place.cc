#include <fcntl.h>
#include <sys/stat.h>

#include <climits>
#include <cstring>

#include "../shim/json.h"
#include "../shim/resolve.h"
#include "../shim/status.h"
#include "files.h"

namespace {

std::string lastName(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string linkText(int directory, const char* name) {
  char text[PATH_MAX];
  const ssize_t length = readlinkat(directory, name, text, sizeof text);
  return length < 0 ? "" : std::string(text, static_cast<size_t>(length));
}

/** Docker's `linkTarget`: where a link leads in the end; its own text when that is nowhere. */
std::string targetOf(const Container& container, const Place& place, const char* path) {
  const Fd target = openInside(container.root.get(), path, Links::Inside, O_PATH);
  return target ? pathOf(target) : linkText(place.parent.get(), place.base.c_str());
}

std::string statusLine(std::string_view name, const struct stat& status, std::string_view target) {
  std::string json = "{\"stat\":{\"name\":\"";
  appendEscaped(json, name);
  json += "\",\"size\":" + std::to_string(status.st_size) + ",\"mode\":" + std::to_string(status.st_mode) +
          ",\"seconds\":" + std::to_string(status.st_mtim.tv_sec) + ",\"nanoseconds\":" + std::to_string(status.st_mtim.tv_nsec) +
          ",\"linkTarget\":\"";
  appendEscaped(json, target);
  return json + "\"}}\n";
}

}  // namespace

/** From here on nothing outside of it can be named: neither by a path of the container nor by one in an archive. */
Outcome enterRoot(Container& container, const Args& args) {
  container.root = Fd(open(args[0], O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!container.root) return failed("open", args[0]);
  if (fchdir(container.root.get()) < 0 || chroot(".") < 0) return failed("chroot", args[0]);
  return done;
}

std::string pathOf(const Fd& fd) {
  const std::string path = linkText(hostProc, ("self/fd/" + std::to_string(fd.get())).c_str());
  return path.starts_with('/') ? path : "";
}

bool locate(const Container& container, std::string_view path, Place& place) {
  const size_t slash = path.rfind('/');
  const std::string directory(slash == std::string_view::npos ? "/" : path.substr(0, slash + 1));
  place.base = slash == std::string_view::npos ? std::string(path) : std::string(path.substr(slash + 1));
  if (place.base.empty()) place.base = std::string(1, '.');
  if (place.base == "..") {
    place.base = std::string(1, '.');
    place.parent = openInside(container.root.get(), std::string(path).c_str(), Links::Inside, O_PATH | O_DIRECTORY);
  } else {
    place.parent = openInside(container.root.get(), directory.c_str(), Links::Inside, O_PATH | O_DIRECTORY);
  }
  return static_cast<bool>(place.parent);
}

Outcome tellStatus(Container& container, const Args& args) {
  Place place;
  struct stat status;
  if (!locate(container, args[0], place)) return failed("open", args[0]);
  if (fstatat(place.parent.get(), place.base.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) return failed("stat", args[0]);
  const std::string target = S_ISLNK(status.st_mode) ? targetOf(container, place, args[0]) : "";
  const std::string name = place.base == "." && !std::string_view(args[0]).ends_with("/.") ? lastName(args[0]) : place.base;
  writeLine(statusFd, statusLine(name.empty() ? "/" : name, status, target));
  return done;
}
