/* flood ADDRESS BYTES PACKETS_PER_SECOND SECONDS: UDP to port 9 at an even rate; prints how many were sent. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { batch = 32 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  static char payload[65536];
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
  inet_pton(AF_INET, argv[1], &to.sin_addr);
  struct iovec piece = {payload, strtoul(argv[2], 0, 10)};
  struct mmsghdr messages[batch] = {0};
  for (int i = 0; i < batch; i++) {
    messages[i].msg_hdr = (struct msghdr){.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &piece, .msg_iovlen = 1};
  }
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const double rate = atof(argv[3]), begin = now(), end = begin + atof(argv[4]);
  uint64_t sent = 0;
  for (double t; (t = now()) < end;) {
    if (sent > (t - begin) * rate) continue;
    const int n = sendmmsg(fd, messages, batch, 0);
    if (n > 0) sent += n;
  }
  printf("%llu\n", (unsigned long long)sent);
}
