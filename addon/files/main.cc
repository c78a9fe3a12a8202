// tnet-files: looks at the files of a container or an image, packs and unpacks them. It is told what to do on fd 3, says how
// it went on fd 4; archives come in by stdin and go out by stdout. As tnet-shim, it decides nothing.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "../shim/status.h"
#include "../shim/words.h"
#include "files.h"

namespace {

constexpr int programFd = 3;

constexpr OpOf<Container> ops[] = {
    {{"joinuser", 1, 1}, joinUserNamespace},
    {{"setns", 2, 2}, joinNamespace},
    {{"unshare", 1, 1}, unshareNamespace},
    {{"source", 3, 3}, openSource},
    {{"slave", 1, 1}, makeSlave},
    {{"overlay", 6, anyNumber}, mountOverlay},
    {{"rootdir", 4, 4}, mountDirectory},
    {{"hide", 1, 1}, maskPath},
    {{"bind", 3, 3}, bindPath},
    {{"populate", 3, 3}, populateVolume},
    {{"attach", 5, 5}, attachSource},
    {{"tmpfs", 3, 3}, mountTmpfs},
    {{"pivot", 0, 0}, pivotRoot},
    {{"root", 1, 1}, enterRoot},
    {{"stat", 1, 1}, tellStatus},
    {{"pack", 2, 2}, packTree},
    {{"unpack", 3, 3}, unpackArchive},
    {{"changes", 2, anyNumber}, listChanges},
};

Refusal check(const Program& program) {
  for (size_t i = 0; i < program.ops.size(); i++) {
    if (Outcome failure = checkOp(ops, program.ops[i])) return {i, failure};
  }
  return {};
}

Refusal run(const Program& program) {
  Container container;
  for (size_t i = 0; i < program.ops.size(); i++) {
    const auto known = std::ranges::find(ops, program.ops[i].name, [](const auto& op) { return op.word.name; });
    if (Outcome failure = known->run(container, program.ops[i].args)) return {i, failure};
  }
  return {};
}

}  // namespace

int main() {
  signal(SIGPIPE, SIG_IGN);
  if (fcntl(programFd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(statusFd, F_SETFD, FD_CLOEXEC) < 0) return 125;
  hostProc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  Program program;
  Refusal refusal = readProgram(programFd, program);
  if (!refusal.why) refusal = check(program);
  if (!refusal.why) refusal = run(program);
  if (!refusal.why) return 0;
  writeLine(statusFd, errorLine(refusal.op, *refusal.why));
  return 1;
}
