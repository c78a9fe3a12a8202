#include "pass-fd.h"

#include <sys/socket.h>

#include <cstring>

namespace {

/** One byte of data, without which no descriptor travels, and room for one descriptor. */
struct Message {
  char byte = 'f';
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr header{};

  Message() {
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
};

}  // namespace

Outcome sendFd(const Fd& socket, const Fd& fd) {
  Message message;
  cmsghdr* part = CMSG_FIRSTHDR(&message.header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  const int number = fd.get();
  memcpy(CMSG_DATA(part), &number, sizeof number);
  if (sendmsg(socket.get(), &message.header, MSG_NOSIGNAL) < 0) return failed("sendmsg");
  return done;
}

Fd receiveFd(const Fd& socket) {
  Message message;
  const ssize_t count = recvmsg(socket.get(), &message.header, MSG_CMSG_CLOEXEC);
  if (count < 0) return Fd();
  const cmsghdr* part = count == 0 ? nullptr : CMSG_FIRSTHDR(&message.header);
  if (part == nullptr || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
    errno = ECONNRESET;
    return Fd();
  }
  int number = -1;
  memcpy(&number, CMSG_DATA(part), sizeof number);
  return Fd(number);
}
