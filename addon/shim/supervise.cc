#include "supervise.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "attach.h"
#include "clock.h"
#include "container.h"
#include "log.h"
#include "pass-fd.h"
#include "status.h"
#include "stdin.h"
#include "terminal.h"

namespace {

struct Output {
  Fd pipe;
  Frame frame;
  LineCutter lines;
};

/**
 * Places in the array for poll(2), which looks at them in this order: output before whom it is for. So a subscription that
 * was sent before the output is seen with it, and handled first.
 */
enum Place { Stdout, Stderr, Stdin, Progress, Exit, Listening, FirstClient };

int exitCode(const siginfo_t& info) { return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status; }

class Supervisor {
 public:
  Supervisor(const Program& program, Shim& shim, Child child, Fd status)
      : program_(program), shim_(shim), child_(std::move(child)), status_(std::move(status)), input_(std::move(child_.input)),
        outputs_{{std::move(child_.output), StdoutData, LineCutter("stdout")},
                 {std::move(child_.error), StderrData, LineCutter("stderr")}},
        clients_({
            .stdinData = [this](std::string_view data) { input_.write(data); },
            // A terminal has no end of its own: who types ^D says so.
            .stdinEnd = [this] { if (!shim_.terminalWanted) input_.end(); },
            .signal = [this](int signal) { syscall(SYS_pidfd_send_signal, child_.pidfd.get(), signal, nullptr, 0); },
            .resize = [this](TerminalSize size) { terminal_.resize(size); },
            .process = [this](const Fd& socket) { [[maybe_unused]] const Outcome gone = sendFd(socket, child_.pidfd); },
            .stdinFull = [this] { return input_.isFull(); },
        }) {}

  bool run() {
    while (state_ != State::Over && state_ != State::Failed) handle(await());
    return state_ == State::Over;
  }

 private:
  enum class State { Launching, Running, Draining, Over, Failed };

  std::vector<pollfd> await() const {
    const bool congested = clients_.areCongested();
    std::vector<pollfd> fds(FirstClient);
    for (const Place place : {Stdout, Stderr}) fds[place] = {congested ? -1 : outputs_[place].pipe.get(), POLLIN, 0};
    fds[Stdin] = {input_.waitsFor(), POLLOUT, 0};
    fds[Progress] = {child_.progress.get(), POLLIN, 0};
    fds[Exit] = {state_ == State::Draining ? -1 : child_.pidfd.get(), POLLIN, 0};
    fds[Listening] = {shim_.listener.fd.get(), POLLIN, 0};
    clients_.addInterests(fds);
    while (poll(fds.data(), fds.size(), state_ == State::Draining ? msLeft() : -1) < 0 && errno == EINTR) continue;
    return fds;
  }

  void handle(const std::vector<pollfd>& fds) {
    clients_.serve(fds.data() + FirstClient);
    if (fds[Listening].revents) clients_.acceptAll(shim_.listener.fd);
    if (fds[Stdin].revents) input_.flush();
    if (fds[Progress].revents) readProgress();
    for (const Place place : {Stdout, Stderr}) {
      if (fds[place].revents) readOutput(outputs_[place]);
    }
    if (fds[Exit].revents && state_ == State::Launching) readProgress();
    if (fds[Exit].revents && state_ == State::Running) end();
    if (state_ == State::Draining && (isSilent() || msLeft() == 0)) finish();
  }

  /** One piece; false when there is none now, or will be none any more. EIO: nobody has the terminal open, now. */
  bool readOutput(Output& output) {
    static char chunk[65536];
    const ssize_t count = output.pipe ? read(output.pipe.get(), chunk, sizeof chunk) : 0;
    if (count == 0 || (count < 0 && errno == EIO && state_ == State::Draining)) output.pipe.reset();
    if (count <= 0) return false;
    const std::string_view data(chunk, static_cast<size_t>(count));
    std::string records;
    output.lines.feed(data, timeNow(), records);
    shim_.log.append(records);
    tellLoss();
    clients_.sendOutput(output.frame, data);
    return true;
  }

  /** Once; it is no matter for the container, whose log it is, but for whoever runs the machine. */
  void tellLoss() {
    if (lossTold_ || shim_.log.loss() == 0) return;
    lossTold_ = clients_.sendNotice(LogLoss, strerrordesc_np(shim_.log.loss()));
  }

  void readProgress() {
    char chunk[4096];
    for (;;) {
      const ssize_t count = read(child_.progress.get(), chunk, sizeof chunk);
      if (count < 0) return;
      if (count == 0) break;
      told_.append(chunk, static_cast<size_t>(count));
    }
    child_.progress.reset();
    if (told_ == aboutToExec) begin();
    else giveUp();
  }

  void begin() {
    if (shim_.terminalWanted && !openTerminal()) return giveUp();
    state_ = State::Running;
    const std::string us = std::to_string(monotonicUs() - child_.clonedUs);
    writeLine(status_.get(), "{\"started\":true,\"launchUs\":" + us + "}\n");
    status_.reset();
  }

  /** The master was sent before exec. It is the output, and the input of a container that has one. */
  bool openTerminal() {
    Outcome failure = terminal_.receive(child_.terminal);
    child_.terminal.reset();
    if (failure) {
      syscall(SYS_pidfd_send_signal, child_.pidfd.get(), SIGKILL, nullptr, 0);
      told_ = errorLine(program_.clone, *failure);
      return false;
    }
    outputs_[Stdout].pipe = terminal_.copy();
    if (shim_.stdinWanted) input_ = Input(terminal_.copy());
    return true;
  }

  /** The word of failure comes when nothing is left: who hears it may try again at once. */
  void giveUp() {
    state_ = State::Failed;
    const siginfo_t end = reap();
    shim_.listener.close();
    const size_t json = told_.find('{');
    if (json != std::string::npos) return writeLine(status_.get(), told_.substr(json));
    Failure failure{"wait", ECANCELED, {}, "the process ended with code " + std::to_string(exitCode(end)) + " before its command"};
    writeLine(status_.get(), errorLine(program_.clone, failure));
  }

  siginfo_t reap() {
    siginfo_t info{};
    while (waitid(P_PIDFD, static_cast<id_t>(child_.pidfd.get()), &info, WEXITED) < 0 && errno == EINTR) continue;
    child_.pidfd.reset();
    return info;
  }

  /** Of a process among others its children may hold the output; they are heard a while, but nobody waits for their end. */
  void end() {
    if (shim_.drainMs == 0) return finish();
    state_ = State::Draining;
    deadlineMs_ = monotonicMs() + shim_.drainMs;
  }

  bool isSilent() const { return !outputs_[Stdout].pipe && !outputs_[Stderr].pipe; }

  int msLeft() const { return static_cast<int>(std::max<int64_t>(0, deadlineMs_ - monotonicMs())); }

  /**
   * When pid 1 of a pid namespace can be reaped, every process in it is dead; where the first process is none, `endall` has
   * said so, and the rest is killed here. Then what they wrote is in the pipes already:
   * reading goes until they are empty, not until they are closed, and nobody outside who holds an end can delay the exit.
   */
  void finish() {
    state_ = State::Over;
    const std::string time = timeNow();
    const std::string json = "{\"exitCode\":" + std::to_string(exitCode(reap())) + ",\"finishedAt\":\"" + time + "\"}";
    shim_.ending.run();
    for (Output& output : outputs_) drain(output);
    shim_.record.publish(json);
    shim_.listener.removePath();
    clients_.acceptAll(shim_.listener.fd);
    shim_.listener.close();
    input_.close();
    clients_.sendExit(json);
    while (!clients_.isEmpty()) flushClients();
  }

  void drain(Output& output) {
    while (readOutput(output)) continue;
    std::string records;
    output.lines.end(timeNow(), records);
    shim_.log.append(records);
  }

  void flushClients() {
    std::vector<pollfd> fds;
    clients_.addInterests(fds);
    poll(fds.data(), fds.size(), -1);
    clients_.serve(fds.data());
  }

  const Program& program_;
  Shim& shim_;
  Child child_;
  Fd status_;
  State state_ = State::Launching;
  int64_t deadlineMs_ = 0;
  std::string told_;
  bool lossTold_ = false;
  Input input_;
  Terminal terminal_;
  Output outputs_[2];
  Clients clients_;
};

}  // namespace

bool supervise(const Program& program, Shim& shim, Child child, Fd status) {
  return Supervisor(program, shim, std::move(child), std::move(status)).run();
}
