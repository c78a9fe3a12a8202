#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>

#include "../shim/directory.h"
#include "../shim/resolve.h"
#include "archive.h"
#include "files.h"

namespace {

/** Any of the image's layers; topmost first. */
using Layers = std::vector<Fd>;

bool isWhiteout(const struct stat& status) { return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0); }

bool isOpaque(const Fd& directory) {
  char value = 'n';
  return fgetxattr(directory.get(), "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

bool existsBelow(const Layers& layers, const std::string& path) {
  return std::ranges::any_of(layers, [&](const Fd& layer) {
    struct stat status;
    const Fd found = openInside(layer.get(), path.c_str(), Links::Refused, O_PATH | O_NOFOLLOW);
    return found && fstat(found.get(), &status) == 0 && !isWhiteout(status);
  });
}

/** A letter, the path, NUL. */
Outcome tell(char kind, const std::string& path) { return writeAll(std::string(1, kind) + path + '\0'); }

Outcome tellHidden(const Layers& layers, const std::string& path, const std::vector<std::string>& kept) {
  for (const Fd& layer : layers) {
    const Fd directory = openInside(layer.get(), path.c_str(), Links::Refused, O_RDONLY | O_DIRECTORY);
    std::vector<std::string> names;
    if (!directory || listNames(directory, names)) continue;
    for (const std::string& name : names) {
      if (std::ranges::binary_search(kept, name)) continue;
      if (Outcome failure = tell('D', path + '/' + name)) return failure;
    }
  }
  return done;
}

Outcome walk(const Layers& layers, const Fd& directory, const std::string& path) {
  std::vector<std::string> names;
  if (Outcome failure = listNames(directory, names)) return failure;
  for (const std::string& name : names) {
    const std::string below = path + '/' + name;
    struct stat status;
    if (fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) continue;
    const char kind = isWhiteout(status) ? 'D' : existsBelow(layers, below) ? 'C' : 'A';
    if (Outcome failure = tell(kind, below)) return failure;
    if (!S_ISDIR(status.st_mode)) continue;
    const Fd child = openBelow(directory, name.c_str(), O_RDONLY | O_DIRECTORY);
    if (!child) continue;
    if (Outcome failure = walk(layers, child, below)) return failure;
  }
  return isOpaque(directory) && !path.empty() ? tellHidden(layers, path, names) : done;
}

}  // namespace

/** Docker's A, C and D, out of an overlay's upper directory: a whiteout is a deletion, an opaque directory many. */
Outcome listChanges(Container&, const Args& args) {
  const Fd upper(open(args[0], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!upper) return failed("open", args[0]);
  Layers layers;
  for (size_t i = 1; i < args.size(); i++) {
    layers.emplace_back(open(args[i], O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!layers.back()) return failed("open", args[i]);
  }
  return walk(layers, upper, "");
}
