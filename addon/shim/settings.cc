#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "container.h"
#include "tree.h"

namespace {

/**
 * A procfs of our own that hangs nowhere: whatever an image or a volume put over /proc cannot lead a write elsewhere, and
 * what is read-only inside is not here (CVE-2019-16884, CVE-2025-52881).
 */
Outcome openProc(Container& container) {
  if (container.proc) return done;
  return newFilesystem("proc", "", 0, container.proc);
}

/** Below `directory` of it, whatever `path` says. */
Outcome writeProc(Container& container, const char* directory, const char* path, const char* value) {
  if (Outcome failure = openProc(container)) return failure;
  const Fd top(openat(container.proc.get(), directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_WRONLY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
  const Fd file(syscall(SYS_openat2, top.get(), path, &how, sizeof how));
  if (!file) return failed("openat2", path);
  struct statfs status;
  if (fstatfs(file.get(), &status) < 0) return failed("fstatfs", path);
  if (status.f_type != PROC_SUPER_MAGIC) return refused(EXDEV, "fstatfs", path);
  if (write(file.get(), value, strlen(value)) < 0) return failed("write", path);
  return done;
}

}  // namespace

/** `path` below /proc/sys. Of the namespaces that the process is in by now. */
Outcome writeSysctl(Container& container, const Args& args) {
  return writeProc(container, "sys", args[0], args[1]);
}

Outcome adjustOomScore(Container& container, const Args& args) {
  return writeProc(container, "self", "oom_score_adj", args[0]);
}

/** RLIMIT_… by number; -1 is no limit. */
Outcome limitResource(Container&, const Args& args) {
  const auto bytes = [](const char* text) { return static_cast<rlim_t>(strtoll(text, nullptr, 10)); };
  const rlimit limit{bytes(args[1]), bytes(args[2])};
  if (setrlimit(static_cast<__rlimit_resource>(atoi(args[0])), &limit) < 0) return failed("setrlimit");
  return done;
}
