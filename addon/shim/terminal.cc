#include "terminal.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>

#include "container.h"
#include "pass-fd.h"
#include "resolve.h"
#include "tree.h"

namespace {

/**
 * By its directory, which must be a devpts: in a running container anything may lie or be mounted at that path, and a
 * devpts holds nothing but what the kernel put there. NO_XDEV: not what is mounted over it.
 */
Fd openMaster(const Container& container) {
  const Fd directory = openInside(container.root.get(), "/dev/pts", Links::Refused, O_PATH | O_DIRECTORY);
  struct statfs status;
  if (!directory || fstatfs(directory.get(), &status) < 0) return Fd();
  if (status.f_type != DEVPTS_SUPER_MAGIC) {
    errno = ENODEV;
    return Fd();
  }
  open_how how{};
  how.flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
  return Fd(syscall(SYS_openat2, directory.get(), "ptmx", &how, sizeof how));
}

/** The other end from the master itself: a path like /dev/pts/0 could have been replaced meanwhile (CVE-2025-52565). */
Fd openPeer(const Fd& master) {
  const int unlocked = 0;
  if (ioctl(master.get(), TIOCSPTLCK, &unlocked) < 0) return Fd();
  return Fd(ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

Outcome setSize(const Fd& terminal, TerminalSize size) {
  const winsize window{size.height, size.width, 0, 0};
  if (ioctl(terminal.get(), TIOCSWINSZ, &window) < 0) return failed("ioctl", "TIOCSWINSZ");
  return done;
}

uint16_t number(const char* digits) { return static_cast<uint16_t>(strtoul(digits, nullptr, 10)); }

/** The session is new, see becomeContainer(). */
Outcome becomeStreams(const Fd& peer) {
  if (ioctl(peer.get(), TIOCSCTTY, 0) < 0) return failed("ioctl", "TIOCSCTTY");
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (dup2(peer.get(), stream) < 0) return failed("dup2");
  }
  return done;
}

}  // namespace

Outcome takeTerminal(Container& container, const Args& args) {
  const Fd master = openMaster(container);
  if (!master) return failed("openat2", "/dev/pts/ptmx");
  const Fd peer = openPeer(master);
  if (!peer) return failed("ioctl", "TIOCGPTPEER");
  if (Outcome failure = setSize(peer, {number(args[0]), number(args[1])})) return failure;
  if (Outcome failure = sendFd(container.terminal, master)) return failure;
  return becomeStreams(peer);
}

/** /dev/console is the terminal, descriptor to descriptor. */
Outcome bindConsole(Container& container, const Args&) {
  const Fd target = makeInside(container.root.get(), "/dev/console", Kind::File, Links::Refused);
  if (!target) return failed("openat2", "/dev/console");
  Fd tree;
  const Fd peer(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  if (Outcome failure = cloneTree(peer, tree)) return failure;
  return hang(tree, target);
}

Outcome Terminal::receive(const Fd& channel) {
  master_ = receiveFd(channel);
  if (!master_) return failed("recvmsg", "terminal");
  if (fcntl(master_.get(), F_SETFL, O_RDWR | O_NONBLOCK) < 0) return failed("fcntl", "terminal");
  peer_ = Fd(ioctl(master_.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!peer_) return failed("ioctl", "TIOCGPTPEER");
  if (wanted_.width != 0 || wanted_.height != 0) return setSize(master_, wanted_);
  return done;
}

void Terminal::resize(TerminalSize size) {
  wanted_ = size;
  if (master_ && setSize(master_, size)) return;
}

Fd Terminal::copy() const { return Fd(fcntl(master_.get(), F_DUPFD_CLOEXEC, 3)); }
