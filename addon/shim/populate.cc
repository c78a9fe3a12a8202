#include <fcntl.h>
#include <sys/file.h>

#include <cstdlib>

#include "container.h"
#include "copy-tree.h"
#include "directory.h"
#include "resolve.h"

namespace {

/** Beside the volume's content while it is filled: who finds it finds half of a copy. */
constexpr char unfinished[] = "#filling";

/** Two containers that start at once fill one volume once. The lock ends with the descriptor. */
Fd lockVolume(const char* path) {
  Fd directory(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory && flock(directory.get(), LOCK_EX) < 0) directory.reset();
  return directory;
}

Outcome fill(const Fd& volume, const Fd& from, const Fd& data) {
  const Fd mark(openat(volume.get(), unfinished, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!mark) return failed("openat", unfinished);
  if (Outcome failure = copyTree(from, data)) return failure;
  if (unlinkat(volume.get(), unfinished, 0) < 0) return failed("unlinkat", unfinished);
  return done;
}

}  // namespace

/** Docker's copy-up: an empty volume gets what the image has where it is mounted, with the owner and mode of that directory. */
Outcome populateVolume(Container& container, const Args& args) {
  const size_t index = strtoul(args[0], nullptr, 10);
  if (index >= container.sources.size()) return refused(EINVAL, "populate", args[2]);
  const Fd volume = lockVolume(args[1]);
  if (!volume) return failed("open", args[1]);
  const Fd data(openat(container.sources[index].get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!data) return failed("openat", args[1]);
  if (faccessat(volume.get(), unfinished, F_OK, 0) == 0) {
    if (Outcome failure = clearTree(data)) return failure;
  }
  std::vector<std::string> names;
  if (Outcome failure = listNames(data, names)) return failure;
  if (!names.empty()) return done;
  const Fd from = openInside(container.root.get(), args[2], Links::Inside, O_RDONLY | O_DIRECTORY);
  if (!from) return done; // nothing there to fill it with; hanging it there makes the place, or says why not
  return fill(volume, from, data);
}
