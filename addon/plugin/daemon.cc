#include "daemon.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace {

/** As src/api/roots.ts. */
const char* runRoot() {
  const char* asked = getenv("TNET_RUN_ROOT");
  return asked != nullptr && *asked != '\0' ? asked : "/run/tnet";
}

int connectTo(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  strcpy(address.sun_path, path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  const int error = errno;
  close(fd);
  return errno = error, -1;
}

/** Two folders above build/Release or prebuilds/PLATFORM, wherever a link to us lies. */
Buffer commandPath() {
  char self[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self);
  std::string_view folder(self, length < 0 ? 0 : static_cast<size_t>(length));
  for (int up = 0; up < 3; up++) folder = folder.substr(0, folder.rfind('/'));
  Buffer path;
  path.append(folder);
  path.append("/dist/bin/tnet.cjs");
  return path;
}

/** A container runtime may have a PATH without node. */
void completePath() {
  Buffer path;
  const char* own = getenv("PATH");
  path.append(own == nullptr ? "" : own);
  path.append(":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin");
  setenv("PATH", path.text(), 1);
}

/** Any command starts the daemon; its error, if it has one, is ours. */
[[noreturn]] void becomeCommand(int trouble) {
  dup2(trouble, STDERR_FILENO);
  dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
  completePath();
  Buffer script = commandPath();
  if (access(script.text(), R_OK) == 0) execlp("node", "node", script.text(), "system", "info", nullptr);
  else execlp("tnet", "tnet", "system", "info", nullptr);
  static constexpr std::string_view message = "cannot start node: is it in PATH?";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, message.data(), message.size());
  _exit(127);
}

bool startDaemon(Buffer& trouble) {
  int ends[2];
  if (pipe(ends) < 0) return false;
  const pid_t child = fork();
  if (child == 0) becomeCommand(ends[1]);
  close(ends[1]);
  // Not the child's end alone: the daemon it leaves behind has a log for its output, so the pipe ends with the command.
  const bool heard = child > 0 && trouble.readAll(ends[0]);
  int status = -1;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return heard && status == 0;
}

}  // namespace

int connectToDaemon(Buffer& trouble) {
  Buffer path;
  path.append(runRoot());
  path.append("/tnet.sock");
  int fd = connectTo(path.text());
  if (fd < 0 && (errno == ENOENT || errno == ECONNREFUSED) && startDaemon(trouble)) fd = connectTo(path.text());
  if (fd < 0 && trouble.view().empty()) {
    for (const std::string_view part : {std::string_view("cannot connect to "), path.view(), std::string_view(": ")}) trouble.append(part);
    trouble.append(strerror(errno));
  }
  return fd;
}
