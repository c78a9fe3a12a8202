#include "ending.h"

#include <fcntl.h>
#include <poll.h>

#include <string>
#include <string_view>

#include "shim.h"

Outcome Ending::open(const char* dir) {
  kill_ = Fd(::open((std::string(dir) + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
  events_ = Fd(::open((std::string(dir) + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  return kill_ || errno == ENOENT ? Outcome(done) : failed("open", dir);
}

bool Ending::isPopulated() const {
  char text[256];
  const ssize_t count = pread(events_.get(), text, sizeof text, 0);
  return count > 0 && std::string_view(text, static_cast<size_t>(count)).find("populated 1") != std::string_view::npos;
}

void Ending::run() const {
  if (!kill_ || !events_ || write(kill_.get(), "1", 1) < 0) return;
  for (int turn = 0; turn < 20 && isPopulated(); turn++) {
    pollfd changed{events_.get(), POLLPRI, 0};
    poll(&changed, 1, 100);
  }
}

Outcome endAll(Shim& shim, const Args& args) { return shim.ending.open(args[0]); }
