#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

/** A system call that failed; what() is `setns: No such file or directory`. */
struct SystemError : std::system_error {
  const char* call;
  SystemError(const char* call, int error) : std::system_error(error, std::system_category(), call), call(call) {}
};

/** The result of `call`, or the SystemError that errno names. */
template <class Result>
Result check(const char* call, Result result) {
  if (result < 0) throw SystemError(call, errno);
  return result;
}

/** A file descriptor that is closed with its scope, unless released. */
class Fd {
  int fd;

 public:
  explicit Fd(int fd) : fd(fd) {}
  Fd(const Fd&) = delete;
  ~Fd() { if (fd >= 0) close(fd); }
  int get() const { return fd; }
  int release() { return std::exchange(fd, -1); }
};

/** A file descriptor of the network namespace to do it in; none is the thread's own. */
using Netns = std::optional<int>;
using Bytes = std::vector<uint8_t>;

/**
 * While it lives, this thread is in another network namespace. Namespaces belong to threads: nobody sees it as long as
 * no JavaScript runs and no thread or process is born meanwhile. Aborts when the way home is barred.
 */
class Visit {
  bool away;

 public:
  struct New {};
  explicit Visit(New);
  explicit Visit(Netns netns);
  Visit(const Visit&) = delete;
  ~Visit();
};
/** Of the network namespace this thread had when it first asked. */
int home();
/** Close-on-exec and non-blocking. */
int socketIn(Netns netns, int family, int type, int protocol);

/** What src/kernel/native.ts declares and documents. All throw SystemError. */
int openNetlink(int protocol, Netns netns);
std::vector<Bytes> request(int fd, std::span<const uint8_t> bytes, std::optional<int> timeoutMs);
std::vector<Bytes> receive(int fd);
void joinGroup(int fd, int group);
void makeTun(int tunFd, const std::string& name, int flags, const std::vector<int>& ids);
int mountProc();
int openFile(const std::string& path, int flags, Netns netns);
struct SocketSpec { bool tcp; std::string ip; int port; bool listen, dropAll; };
struct BoundSocket { int port, fd; };
BoundSocket openSocket(const SocketSpec& spec, Netns netns);
std::vector<int> openSockets(const SocketSpec& spec, int count);
void closeSockets(const std::vector<int>& fds);
struct PacketSpec { int ifindex, bufferSize; bool incoming; std::span<const uint8_t> filter; };
int openPacket(const PacketSpec& spec, Netns netns);
Bytes receivePackets(int fd);
Bytes packetCounts(int fd);
int openIcmp(const std::string& peer, Netns netns);
int openWholeIcmp(const std::string& peer, Netns netns);
int openFilesystem(const std::string& type);
void mountTmpfs(const std::string& path, const std::string& options);
void unmountTmpfs(const std::string& path);
int openReadonly(const std::string& path);
void attachDeviceFilter(const std::string& cgroup, std::span<const uint8_t> instructions);
void pinNetns(const std::string& path, Netns netns);
void pinMappedNetns(const std::string& path, const std::string& uidMap, const std::string& gidMap);
void unpinNetns(const std::string& path);
int pidfdOpen(int pid);
bool lock(int fd, const std::string& mode, bool nonblocking);
