#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "container.h"

namespace {

constexpr char defaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The container's PATH decides, not the daemon's. */
std::string searchPath(const Container& container) {
  for (const char* variable : container.environment) {
    if (strncmp(variable, "PATH=", 5) == 0) return variable + 5;
  }
  return defaultPath;
}

std::vector<char*> nullEnded(std::vector<char*> pointers) {
  pointers.push_back(nullptr);
  return pointers;
}

/** Returns only when it failed, with errno. execve says EACCES of a directory too, where users need to hear what it is. */
int tryExec(const char* path, const Args& command, const Args& environment) {
  struct stat status;
  if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return EISDIR;
  execve(path, command.data(), environment.data());
  return errno;
}

/** As execvp(3): goes on past what is not there; one that may not be executed is remembered. */
int searchAndExec(const std::string& paths, const Args& command, const Args& environment) {
  int error = ENOENT;
  for (size_t begin = 0; begin <= paths.size();) {
    const size_t end = std::min(paths.find(':', begin), paths.size());
    const std::string directory = end == begin ? "." : paths.substr(begin, end - begin);
    const int tried = tryExec((directory + '/' + command[0]).c_str(), command, environment);
    if (tried == EACCES) error = EACCES;
    else if (tried != ENOENT && tried != ENOTDIR && tried != EISDIR) return tried;
    begin = end + 1;
  }
  return error;
}

}  // namespace

Outcome executeCommand(Container& container, const Args& args) {
  const Args command = nullEnded(args);
  const Args environment = nullEnded(container.environment);
  if (write(container.progress.get(), aboutToExec, strlen(aboutToExec)) < 0) return failed("write");
  if (*args[0] == '\0') return refused(ENOENT, "execve", args[0]);
  const bool isPath = strchr(args[0], '/') != nullptr;
  const int error = isPath ? tryExec(args[0], command, environment) : searchAndExec(searchPath(container), command, environment);
  return refused(error, "execve", args[0]);
}
