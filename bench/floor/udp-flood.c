// udp-flood ADDRESS PORT: for each line "N" on stdin sends N small datagrams as fast as it can and prints the nanoseconds it
// took. Over veth the kernel carries a packet all the way to its receiver before sendmmsg returns, so that is the time of
// the whole road: both links, conntrack, DNAT, every rule.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { batch = 64, size = 64 };

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &to.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) return perror("udp-flood"), 1;
  static char data[size];
  struct iovec iov = {data, size};
  struct mmsghdr messages[batch];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < batch; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1};
  long want;
  while (scanf("%ld", &want) == 1) {
    long begin = now();
    for (long sent = 0; sent < want;) {
      int n = sendmmsg(fd, messages, batch, 0);
      if (n > 0) sent += n;
    }
    printf("%ld\n", now() - begin);
    fflush(stdout);
  }
}
