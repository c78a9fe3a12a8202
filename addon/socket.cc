#include <arpa/inet.h>
#include <fcntl.h>
#include <iterator>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "native.h"

union Address { sockaddr any; sockaddr_in v4; sockaddr_in6 v6; };

static Address parseAddress(const std::string& ip, int port) {
  Address address{};
  if (port < 0 || port > 0xffff) throw SystemError("bind", EINVAL);
  if (ip == "*") address.any.sa_family = AF_INET6;  // in6addr_any is all zeros
  else if (inet_pton(AF_INET, ip.c_str(), &address.v4.sin_addr) == 1) address.any.sa_family = AF_INET;
  else if (inet_pton(AF_INET6, ip.c_str(), &address.v6.sin6_addr) == 1) address.any.sa_family = AF_INET6;
  else throw SystemError("inet_pton", EINVAL);
  address.v4.sin_port = htons(static_cast<uint16_t>(port));  // sin6_port lies at the same place
  return address;
}

template <class Value>
static void setOption(int fd, int level, int option, const Value& value) {
  check("setsockopt", setsockopt(fd, level, option, &value, sizeof value));
}

/** `r0 = 0; exit`: keep 0 bytes of every packet. -1 where bpf(2) is not allowed. Made once: a filter of its own costs each socket 9 to 30 µs. */
static int dropProgram() {
  static const int fd = [] {
    const bpf_insn code[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
    bpf_attr attr{};
    attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    attr.insns = reinterpret_cast<uintptr_t>(code);
    attr.insn_cnt = std::size(code);
    attr.license = reinterpret_cast<uintptr_t>("Apache-2.0");
    return static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr));  // close-on-exec by itself
  }();
  return fd;
}

/** The handshake packets of a listener pass its filter too. */
static void dropEverything(int fd) {
  if (const int program = dropProgram(); program >= 0) return setOption(fd, SOL_SOCKET, SO_ATTACH_BPF, program);
  sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  setOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, sock_fprog{.len = 1, .filter = &drop});
}

static int portOf(int fd) {
  Address address{};
  socklen_t size = sizeof address;
  check("getsockname", getsockname(fd, &address.any, &size));
  return ntohs(address.v4.sin_port);
}

/** net.ipv6.bindv6only of this namespace; -1 without IPv6. */
static int v6onlyByDefault() {
  const Fd fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  int only = -1;
  socklen_t size = sizeof only;
  getsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, &size);
  return only;
}

/** `v6only` is what the kernel gives a socket by itself, -1 when nobody has asked it. */
static int bindSocket(const SocketSpec& spec, const Address& address, Netns netns, int v6only = -1) {
  const bool v6 = address.any.sa_family == AF_INET6;
  const int wanted = spec.ip == "*" ? 0 : 1;
  Fd fd(socketIn(netns, address.any.sa_family, spec.tcp ? SOCK_STREAM : SOCK_DGRAM, 0));
  if (v6 && v6only != wanted) setOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, wanted);
  // A listener may follow on its predecessor's TIME_WAITs and still shares the port with nobody; others would share it.
  if (spec.listen) setOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (spec.dropAll) dropEverything(fd.get());  // before bind, so that nothing gets in between
  check("bind", bind(fd.get(), &address.any, v6 ? sizeof address.v6 : sizeof address.v4));
  if (spec.listen) check("listen", listen(fd.get(), SOMAXCONN));
  return fd.release();
}

BoundSocket openSocket(const SocketSpec& spec, Netns netns) {
  Fd fd(bindSocket(spec, parseAddress(spec.ip, spec.port), netns));
  return {.port = portOf(fd.get()), .fd = fd.release()};
}

/**
 * The table of descriptors doubles as it fills, and each time waits for RCU when threads share it (expand_fdtable): 5,000
 * sockets would wait seven times, this waits once.
 */
static void makeRoomFor(int count) {
  const int top = fcntl(home(), F_DUPFD_CLOEXEC, home() + count);
  if (top >= 0) close(top);  // otherwise socket(2) will say what is wrong
}

std::vector<int> openSockets(const SocketSpec& spec, int count) {
  makeRoomFor(count);
  const int v6only = v6onlyByDefault();
  std::vector<int> fds;
  try {
    for (int port = spec.port; port < spec.port + count; port++) {
      fds.push_back(bindSocket(spec, parseAddress(spec.ip, port), std::nullopt, v6only));
    }
  } catch (...) {
    closeSockets(fds);
    throw;
  }
  return fds;
}

void closeSockets(const std::vector<int>& fds) {
  for (const int fd : fds) close(fd);
}

int openIcmp(const std::string& peer, Netns netns) {
  const auto address = parseAddress(peer, 0);
  const bool v6 = address.any.sa_family == AF_INET6;
  Fd fd(socketIn(netns, address.any.sa_family, SOCK_RAW, v6 ? static_cast<int>(IPPROTO_ICMPV6) : IPPROTO_ICMP));
  const bool any = v6 ? IN6_IS_ADDR_UNSPECIFIED(&address.v6.sin6_addr) : address.v4.sin_addr.s_addr == INADDR_ANY;
  if (!any) check("connect", connect(fd.get(), &address.any, v6 ? sizeof address.v6 : sizeof address.v4));
  return fd.release();
}

int openWholeIcmp(const std::string& peer, Netns netns) {
  Fd fd(openIcmp(peer, netns));
  const bool v6 = peer.find(':') != std::string::npos;
  const int probe = v6 ? IPV6_PMTUDISC_PROBE : IP_PMTUDISC_PROBE;
  const int level = v6 ? static_cast<int>(IPPROTO_IPV6) : IPPROTO_IP, option = v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER;
  check("setsockopt", setsockopt(fd.get(), level, option, &probe, sizeof probe));
  return fd.release();
}
