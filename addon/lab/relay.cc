// `relay PID NODE LINK TAP FILE`: holds frames back that a node sends by LINK, where the kernel has no netem. An nft rule on the
// link's egress forwards them to TAP, which this process makes (and which goes with it); when a frame's time has come it leaves
// by LINK, marked, so that the rule lets it go. The TAP has no offloads: what comes out of it is cut and has its checksums.
// FILE says `delay jitter corrupt reorder`, in µs and millionths; it is read anew when it is replaced, and when it is
// gone this ends. src/lab/impair/ decides all of it.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <random>
#include <string>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "lab.h"

/** "wire", as src/lab/impair/plan-impair.ts has it. */
static constexpr int relayedMark = 0x77697265;
static constexpr size_t maxHeldBytes = 64 << 20, maxFrame = 65536 + 64;
static constexpr int framesAtOnce = 64, sendBufferBytes = 4 << 20;
static constexpr uint64_t million = 1'000'000;

using Nanoseconds = int64_t;

struct Effects {
  int64_t delayUs, jitterUs;
  uint64_t corruptPpm, reorderPpm;
};

struct Frame {
  Nanoseconds due;
  uint64_t number;
  std::vector<uint8_t> bytes;
  bool operator<(const Frame& other) const { return std::pair(due, number) > std::pair(other.due, other.number); }
};

/** A heap, the frame that is due first on top; of one moment, in the order in which they came. */
struct Wire {
  int tap, out;
  sockaddr_ll link;
  Effects effects;
  std::vector<Frame> held;
  size_t heldBytes = 0;
  uint64_t count = 0;
  std::mt19937_64 random{std::random_device{}()};
};

static Nanoseconds now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000ll + time.tv_nsec;
}

/** False when there is no such file. */
static bool readEffects(const char* path, Effects& effects) {
  FILE* file = fopen(path, "re");
  if (file == nullptr) return false;
  Effects read;
  if (fscanf(file, "%ld %ld %lu %lu", &read.delayUs, &read.jitterUs, &read.corruptPpm, &read.reorderPpm) == 4) effects = read;
  fclose(file);
  return true;
}

static bool happens(Wire& wire, uint64_t ppm) { return ppm > 0 && wire.random() % million < ppm; }

/** Evenly around the delay, as netem; who has to overtake waits for nothing. */
static Nanoseconds wait(Wire& wire) {
  const auto [delayUs, jitterUs, _, reorderPpm] = wire.effects;
  if (happens(wire, reorderPpm)) return 0;
  const int64_t shift = jitterUs == 0 ? 0 : static_cast<int64_t>(wire.random() % (2 * jitterUs + 1)) - jitterUs;
  return std::max<int64_t>(delayUs + shift, 0) * 1000;
}

static void hold(Wire& wire, std::vector<uint8_t> bytes) {
  if (wire.heldBytes + bytes.size() > maxHeldBytes) return;  // as a queue that is full
  wire.heldBytes += bytes.size();
  wire.held.push_back({now() + wait(wire), wire.count++, std::move(bytes)});
  std::push_heap(wire.held.begin(), wire.held.end());
}

/** One bit, behind the addresses. */
static void corrupt(Wire& wire, std::vector<uint8_t>& bytes) {
  if (bytes.size() <= ETH_HLEN) return;
  const size_t at = ETH_HLEN + wire.random() % (bytes.size() - ETH_HLEN);
  bytes[at] ^= 1 << wire.random() % 8;
}

static void take(Wire& wire) {
  static uint8_t buffer[maxFrame];
  for (int i = 0; i < framesAtOnce; i++) {
    const ssize_t length = read(wire.tap, buffer, sizeof buffer);
    if (length <= 0) return;
    std::vector<uint8_t> bytes(buffer, buffer + length);
    if (happens(wire, wire.effects.corruptPpm)) corrupt(wire, bytes);
    hold(wire, std::move(bytes));
  }
}

/** What the link does not take (it is down, its queue is full) is lost. False when the link is gone. */
static bool sendUntil(Wire& wire, Nanoseconds moment) {
  while (!wire.held.empty() && wire.held.front().due <= moment) {
    std::pop_heap(wire.held.begin(), wire.held.end());
    const auto& bytes = wire.held.back().bytes;
    wire.heldBytes -= bytes.size();
    const auto* to = reinterpret_cast<const sockaddr*>(&wire.link);
    const ssize_t sent = sendto(wire.out, bytes.data(), bytes.size(), MSG_DONTWAIT, to, sizeof wire.link);
    if (sent < 0 && (errno == ENXIO || errno == ENODEV)) return false;
    wire.held.pop_back();
  }
  return true;
}

static int openTap(const char* name) {
  const int tap = check(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "open", "/dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  check(ioctl(tap, TUNSETIFF, &request), "TUNSETIFF", name);
  return tap;
}

/** Of protocol 0: it hears nothing. */
static int openOut() {
  const int out = check(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "socket", "packet");
  check(setsockopt(out, SOL_SOCKET, SO_MARK, &relayedMark, sizeof relayedMark), "setsockopt", "SO_MARK");
  setsockopt(out, SOL_SOCKET, SO_SNDBUFFORCE, &sendBufferBytes, sizeof sendBufferBytes);
  return out;
}

static int watchFolder(const char* file) {
  const std::string path = file, folder = path.substr(0, path.rfind('/'));
  const int watch = check(inotify_init1(IN_NONBLOCK | IN_CLOEXEC), "inotify_init1", file);
  check(inotify_add_watch(watch, folder.c_str(), IN_MOVED_TO | IN_DELETE), "inotify_add_watch", folder.c_str());
  return watch;
}

static void forget(int watch) {
  alignas(inotify_event) char events[4096];
  while (read(watch, events, sizeof events) > 0) {}
}

[[noreturn]] static void run(Wire& wire, const char* file, int watch) {
  prctl(PR_SET_TIMERSLACK, 1);
  for (;;) {
    pollfd wanted[] = {{wire.tap, POLLIN, 0}, {watch, POLLIN, 0}};
    const Nanoseconds left = wire.held.empty() ? 0 : std::max<Nanoseconds>(wire.held.front().due - now(), 0);
    const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
    ppoll(wanted, 2, wire.held.empty() ? nullptr : &timeout, nullptr);
    if (wanted[0].revents != 0) take(wire);
    if (wanted[1].revents != 0) {
      forget(watch);
      if (!readEffects(file, wire.effects)) break;
    }
    if (!sendUntil(wire, now())) break;
  }
  sendUntil(wire, INT64_MAX);
  _exit(0);
}

/** Returns when the TAP is there. Born twice, as what `start` starts. */
int relay(char** arguments) {
  const char *link = arguments[2], *file = arguments[4];
  enterLab(arguments[0], arguments[1], "/");
  const int index = check(static_cast<int>(if_nametoindex(link)) - 1, "if_nametoindex", link) + 1;
  Wire wire{.tap = openTap(arguments[3]), .out = openOut(), .link = {AF_PACKET, 0, index, 0, 0, 0, {}}, .effects = {}, .held = {}};
  const int watch = watchFolder(file);
  if (!readEffects(file, wire.effects)) fail("open", file);
  const int parent = check(fork(), "fork", link);
  if (parent != 0) return waitpid(parent, nullptr, 0) == parent ? 0 : failed;
  if (check(fork(), "fork", link) != 0) _exit(0);
  setsid();
  const int nothing = open("/dev/null", O_RDWR);
  for (int fd = 0; fd <= STDERR_FILENO; fd++) dup2(nothing, fd);  // whoever started us waits for the end of our words
  run(wire, file, watch);
}
