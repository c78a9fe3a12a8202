// tnet-shim: places one container and stays with it. It is told what to do on fd 3, says how it went on fd 4, and waits at
// fd 5 for the word to go. No threads, no exceptions, no decisions: those were made where they can be tested.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "init.h"
#include "launch.h"
#include "ops.h"
#include "status.h"
#include "supervise.h"

namespace {

constexpr int programFd = 3;
constexpr int statusFd = 4;
constexpr int gateFd = 5;

[[noreturn]] void refuseToRun() {
  constexpr std::string_view message = "tnet-shim: it is started by tnet, which tells it on descriptors 3 to 5 what to do\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, message.data(), message.size());
  _exit(125);
}

/**
 * Not dumpable, and so is the child until exec: a container whose pid namespace it enters can neither trace it nor reach the
 * machine through its /proc/<pid>/{exe,fd,cwd,root} (CVE-2016-9962, CVE-2019-5736). The name, because it is started by the
 * number of a descriptor.
 */
void hide() {
  if (prctl(PR_SET_DUMPABLE, 0) < 0) _exit(125);
  prctl(PR_SET_NAME, "tnet-shim");
}

/** Nothing that its maker left open, its terminal, its directory or its signals may follow the shim for the container's life. */
void detach() {
  close_range(gateFd + 1, ~0u, 0);
  for (const int fd : {programFd, statusFd, gateFd}) {
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) refuseToRun();
  }
  setsid();
  if (chdir("/") < 0) _exit(125);
  umask(022);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

Refusal runShimOps(const Program& program, Shim& shim) {
  for (size_t i = 0; i <= program.clone; i++) {
    const Op& op = program.ops[i];
    const auto known = std::ranges::find(shimOps, op.name, [](const auto& each) { return each.word.name; });
    if (Outcome failure = known->run(shim, op.args)) return {i, failure};
  }
  return {};
}

Refusal prepare(Program& program, Shim& shim, Child& child) {
  Refusal refusal = readProgram(programFd, program);
  if (!refusal.why) refusal = checkProgram(program);
  if (!refusal.why) refusal = runShimOps(program, shim);
  if (!refusal.why) refusal = {program.clone, makeChild(program, shim, gateFd, child)};
  return refusal;
}

/** Bound into a container under this name, it is that container's pid 1: `docker-init -- command…`. */
bool isInit(int argc, char** argv) {
  return argc > 2 && std::string_view(argv[0]).ends_with("docker-init") && std::string_view(argv[1]) == "--";
}

}  // namespace

int main(int argc, char** argv) {
  if (isInit(argc, argv)) runInit(argv + 2);
  hide();
  detach();
  Program program;
  Shim shim;
  Child child;
  Fd status(statusFd);
  const Refusal refusal = prepare(program, shim, child);
  close(programFd);
  close(gateFd);
  shim.cgroup.reset();
  if (refusal.why) {
    shim.listener.close();
    writeLine(status.get(), errorLine(refusal.op, *refusal.why));
    return 1;
  }
  writeLine(status.get(), "{\"pid\":" + std::to_string(child.pid) + "}\n");
  return supervise(program, shim, std::move(child), std::move(status)) ? 0 : 1;
}
