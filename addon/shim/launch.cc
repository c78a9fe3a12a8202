#include "launch.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "clock.h"
#include "ops.h"
#include "status.h"

namespace {

struct Pipe {
  Fd read;
  Fd write;

  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return false;
    read = Fd(ends[0]);
    write = Fd(ends[1]);
    return true;
  }

  /** Of sockets, which carry descriptors. */
  bool openSockets() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return false;
    read = Fd(ends[0]);
    write = Fd(ends[1]);
    return true;
  }
};

struct Pipes {
  Pipe progress;
  Pipe input;
  Pipe output;
  Pipe error;
  Pipe terminal;
};

/** CLONE_INTO_CGROUP: the process is in its cgroup from its first instruction, and no write to cgroup.procs is needed. */
long cloneContainer(const Shim& shim, int& pidfd) {
  clone_args args{};
  args.flags = shim.namespaces | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
  args.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  if (shim.cgroup) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(shim.cgroup.get());
  }
  return syscall(SYS_clone3, &args, sizeof args);
}

/** CLONE_CLEAR_SIGHAND leaves what is ignored ignored, and so does exec. */
void resetSignals() {
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &plain, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool takeStandardStreams(const Pipes& pipes) {
  if (pipes.input.read && dup2(pipes.input.read.get(), STDIN_FILENO) < 0) return false;
  if (!pipes.output.write) return true; // the ops `tty` and `null` bring them
  return dup2(pipes.output.write.get(), STDOUT_FILENO) >= 0 && dup2(pipes.error.write.get(), STDERR_FILENO) >= 0;
}

/** Waits until the daemon has placed this process; its end without a byte means that it never will. */
bool passGate(int gate) {
  char go;
  return read(gate, &go, 1) == 1;
}

Refusal runOps(const Program& program, Container& container) {
  for (size_t i = program.clone + 1; i < program.ops.size(); i++) {
    const Op& op = program.ops[i];
    const auto known = std::ranges::find(containerOps, op.name, [](const auto& each) { return each.word.name; });
    if (Outcome failure = known->run(container, op.args)) return {i, failure};
  }
  return {};
}

/**
 * PDEATHSIG: a container without its shim would have no log, no exit code and no way to be seen. Execution keeps it, since
 * capabilities only shrink here, unless the command is a setuid program; and the container may switch it off. Then its cgroup is what ends it.
 */
[[noreturn]] void becomeContainer(const Program& program, const Shim& shim, Pipes& pipes, int gate) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();
  if (!passGate(gate)) _exit(125);
  resetSignals();
  Container container;
  container.progress = std::move(pipes.progress.write);
  container.terminal = std::move(pipes.terminal.write);
  container.target = Fd(shim.target.get());
  Refusal refusal{program.clone, done};
  if (takeStandardStreams(pipes)) refusal = runOps(program, container);
  else refusal.why = failed("dup2");
  writeLine(container.progress.get(), errorLine(refusal.op, *refusal.why));
  _exit(125);
}

bool openPipes(const Shim& shim, Pipes& pipes) {
  if (!pipes.progress.open()) return false;
  if (shim.terminalWanted) return pipes.terminal.openSockets();
  if (!shim.silent && (!pipes.output.open() || !pipes.error.open())) return false;
  return !shim.stdinWanted || pipes.input.open();
}

void setNonblocking(const Fd& fd) {
  if (fd) fcntl(fd.get(), F_SETFL, O_NONBLOCK);
}

}  // namespace

Outcome makeChild(const Program& program, const Shim& shim, int gate, Child& child) {
  Pipes pipes;
  if (!openPipes(shim, pipes)) return failed("pipe2");
  int pidfd = -1;
  child.clonedUs = monotonicUs();
  const long pid = cloneContainer(shim, pidfd);
  if (pid < 0) return failed("clone3");
  if (pid == 0) becomeContainer(program, shim, pipes, gate);
  child.pid = static_cast<pid_t>(pid);
  child.pidfd = Fd(pidfd);
  child.progress = std::move(pipes.progress.read);
  child.input = std::move(pipes.input.write);
  child.output = std::move(pipes.output.read);
  child.error = std::move(pipes.error.read);
  child.terminal = std::move(pipes.terminal.read);
  // Non-blocking is a property of the pipe's end, so the container's ends stay as programs expect them.
  for (const Fd* end : {&child.progress, &child.input, &child.output, &child.error, &child.terminal}) setNonblocking(*end);
  return done;
}
