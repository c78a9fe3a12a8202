/* The floor for holding COUNT ports: a bound TCP socket each, dual stack, nothing else. Prints the milliseconds of a round. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char** argv) {
  const int count = argc > 1 ? atoi(argv[1]) : 5000;
  int* fds = calloc((size_t)count, sizeof *fds);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  /* A round for every line on stdin, so that another program can take turns with this one. */
  while (getchar() == '\n') {
    const double begin = now();
    for (int i = 0; i < count; i++) {
      struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)(20000 + i))};
      fds[i] = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (bind(fds[i], (struct sockaddr*)&address, sizeof address) < 0) return perror("bind"), 1;
    }
    printf("%.3f\n", now() - begin);
    fflush(stdout);
    for (int i = 0; i < count; i++) close(fds[i]);
  }
  return 0;
}
