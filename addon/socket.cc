#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

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

/** Classic BPF `ret 0`: keep 0 bytes of every packet. The handshake packets of a listener pass its filter too. */
static void dropEverything(int fd) {
  sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  setOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, sock_fprog{.len = 1, .filter = &drop});
}

static int portOf(int fd) {
  Address address{};
  socklen_t size = sizeof address;
  check("getsockname", getsockname(fd, &address.any, &size));
  return ntohs(address.v4.sin_port);
}

BoundSocket openSocket(const SocketSpec& spec, Netns netns) {
  const auto address = parseAddress(spec.ip, spec.port);
  const int family = address.any.sa_family;
  Fd fd(socketIn(netns, family, spec.tcp ? SOCK_STREAM : SOCK_DGRAM, 0));
  if (family == AF_INET6) setOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, spec.ip == "*" ? 0 : 1);
  // A listener may follow on its predecessor's TIME_WAITs and still shares the port with nobody; others would share it.
  if (spec.listen) setOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (spec.dropAll) dropEverything(fd.get());  // before bind, so that nothing gets in between
  check("bind", bind(fd.get(), &address.any, family == AF_INET6 ? sizeof address.v6 : sizeof address.v4));
  if (spec.listen) check("listen", listen(fd.get(), SOMAXCONN));
  return {.port = portOf(fd.get()), .fd = fd.release()};
}

int openIcmp(const std::string& peer, Netns netns) {
  const auto address = parseAddress(peer, 0);
  const bool v6 = address.any.sa_family == AF_INET6;
  Fd fd(socketIn(netns, address.any.sa_family, SOCK_RAW, v6 ? static_cast<int>(IPPROTO_ICMPV6) : IPPROTO_ICMP));
  const bool any = v6 ? IN6_IS_ADDR_UNSPECIFIED(&address.v6.sin6_addr) : address.v4.sin_addr.s_addr == INADDR_ANY;
  if (!any) check("connect", connect(fd.get(), &address.any, v6 ? sizeof address.v6 : sizeof address.v4));
  return fd.release();
}
