#include <linux/netlink.h>
#include <memory>
#include <poll.h>
#include <sys/socket.h>

#include "native.h"

/** A bound, not an allocation: the 10,000 acknowledgements of one datagram, 832 bytes each, are all there before one is read. */
static constexpr int bufferSize = 16 << 20;
/** A piece of a dump has at most 32 KiB (af_netlink.c), a single object less. Only pages written to cost memory. */
static constexpr size_t datagramSize = 1 << 20;

static bool set(int fd, int level, int option, int value) { return setsockopt(fd, level, option, &value, sizeof value) == 0; }

static void setOptions(int fd) {
  const bool done = set(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1) && set(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1) &&
                    (set(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1) || errno == ENOPROTOOPT) &&
                    (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, bufferSize) || set(fd, SOL_SOCKET, SO_RCVBUF, bufferSize)) &&
                    (set(fd, SOL_SOCKET, SO_SNDBUFFORCE, bufferSize) || set(fd, SOL_SOCKET, SO_SNDBUF, bufferSize));
  if (!done) throw SystemError("setsockopt", errno);
}

/** Appends the next datagram, if there is one and it is the kernel's: any process may write to a netlink socket. */
static bool receiveOne(int fd, std::vector<Bytes>& datagrams) {
  thread_local const auto buffer = std::make_unique_for_overwrite<uint8_t[]>(datagramSize);
  sockaddr_nl from{};
  socklen_t fromSize = sizeof from;
  const ssize_t size = recvfrom(fd, buffer.get(), datagramSize, MSG_DONTWAIT | MSG_TRUNC, reinterpret_cast<sockaddr*>(&from), &fromSize);
  if (size < 0 && errno == EAGAIN) return false;
  if (check("recvfrom", size) > static_cast<ssize_t>(datagramSize)) throw SystemError("recvfrom", EMSGSIZE);
  if (from.nl_pid == 0) datagrams.emplace_back(buffer.get(), buffer.get() + size);
  return true;
}

static void awaitReadable(int fd, int timeoutMs) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  const int ready = poll(&entry, 1, timeoutMs);
  if (ready == 0) throw SystemError("poll", ETIMEDOUT);
  if (ready < 0 && errno != EINTR) throw SystemError("poll", errno);
}

int openNetlink(int protocol, Netns netns) {
  Fd fd(socketIn(netns, AF_NETLINK, SOCK_RAW, protocol));
  setOptions(fd.get());
  const sockaddr_nl any{AF_NETLINK, 0, 0, 0};
  check("bind", bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any));
  return fd.release();
}

void joinGroup(int fd, int group) {
  if (!set(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)) throw SystemError("setsockopt", errno);
}

std::vector<Bytes> receive(int fd) {
  std::vector<Bytes> datagrams;
  while (receiveOne(fd, datagrams)) continue;
  return datagrams;
}

std::vector<Bytes> request(int fd, std::span<const uint8_t> bytes, std::optional<int> timeoutMs) {
  check("send", send(fd, bytes.data(), bytes.size(), 0));
  std::vector<Bytes> datagrams;
  while ((datagrams = receive(fd)).empty()) awaitReadable(fd, timeoutMs.value_or(5000));
  return datagrams;
}
