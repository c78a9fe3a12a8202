#include "init.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <initializer_list>

namespace {

/** Those of a fault of our own must end us, not wait. */
sigset_t forwarded() {
  sigset_t set;
  sigfillset(&set);
  for (const int signal : {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&set, signal);
  return set;
}

/** In a process group of its own, and in the foreground if there is a terminal: Ctrl-C is for it. */
[[noreturn]] void becomeChild(char** argv, const sigset_t& mask) {
  setpgid(0, 0);
  tcsetpgrp(STDIN_FILENO, getpgrp());
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  execvp(argv[0], argv);
  const int error = errno;
  fprintf(stderr, "docker-init: exec %s failed: %s\n", argv[0], strerror(error));
  _exit(error == ENOENT || error == ENOTDIR ? 127 : 126);
}

int exitCode(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

/** Everything that has ended by now; ends with the child. The kernel then ends what is left in the namespace. */
void reap(pid_t child) {
  int status;
  for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
    if (pid == child) _exit(exitCode(status));
  }
}

}  // namespace

void runInit(char** argv) {
  const sigset_t set = forwarded();
  sigset_t before;
  sigprocmask(SIG_SETMASK, &set, &before);
  const pid_t child = fork();
  if (child < 0) _exit(126);
  if (child == 0) becomeChild(argv, before);
  for (;;) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0) continue;
    if (signal == SIGCHLD) reap(child);
    else if (signal != SIGTTIN && signal != SIGTTOU) kill(child, signal);
  }
}
