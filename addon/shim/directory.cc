#include "directory.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>

namespace {

bool isDots(const std::string& name) { return name == "." || name == ".."; }

}  // namespace

Outcome listNames(const Fd& directory, std::vector<std::string>& names) {
  const int copy = openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = copy < 0 ? nullptr : fdopendir(copy);
  if (stream == nullptr) return failed("openat");
  errno = 0;
  while (const dirent* entry = readdir(stream)) names.emplace_back(entry->d_name);
  const int error = errno;
  closedir(stream);
  if (error != 0) return refused(error, "readdir");
  std::erase_if(names, isDots);
  std::ranges::sort(names);
  return done;
}

Fd openBelow(const Fd& parent, const char* name, int flags) {
  return Fd(openat(parent.get(), name, flags | O_NOFOLLOW | O_CLOEXEC));
}
