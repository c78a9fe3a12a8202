/* The floor of bench/lab.ts: N network namespaces, each on one bridge by a veth pair, with lo and eth0 up, an address and a
 * default route. One process, no library, requests in datagrams of up to 32 kB, one socket a namespace. It prints `up` when
 * all is there; when its stdin ends it ends, and the kernel takes everything. Run it in a fresh network namespace. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define DIE(what) do { perror(what); exit(1); } while (0)

static char buf[32768];
static int size, count;
static struct nlmsghdr *msg;

static void begin(int type, int flags, const void *body, int len) {
  msg = (struct nlmsghdr *)(buf + size);
  memset(msg, 0, sizeof *msg);
  msg->nlmsg_type = type;
  msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
  memcpy(NLMSG_DATA(msg), body, len);
  msg->nlmsg_len = NLMSG_LENGTH(len);
}
static struct rtattr *put(int type, const void *data, int len) {
  struct rtattr *a = (struct rtattr *)((char *)msg + NLMSG_ALIGN(msg->nlmsg_len));
  a->rta_type = type;
  a->rta_len = RTA_LENGTH(len);
  if (len) memcpy(RTA_DATA(a), data, len);
  msg->nlmsg_len = NLMSG_ALIGN(msg->nlmsg_len) + RTA_ALIGN(a->rta_len);
  return a;
}
static void put32(int type, unsigned value) { put(type, &value, 4); }
static void close_nest(struct rtattr *nest) { nest->rta_len = (char *)msg + msg->nlmsg_len - (char *)nest; }
static void end(void) { size += NLMSG_ALIGN(msg->nlmsg_len), count++; }

static int open_netlink(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), one = 1, room = 8 << 20;
  if (fd < 0) DIE("netlink");
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  return fd;
}
static void flush(int fd) {
  static char answer[65536];
  if (size && send(fd, buf, size, 0) < 0) DIE("send");
  while (count > 0) {
    int n = recv(fd, answer, sizeof answer, 0);
    if (n < 0) DIE("recv");
    for (struct nlmsghdr *h = (void *)answer; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n), count--) {
      errno = -((struct nlmsgerr *)NLMSG_DATA(h))->error;
      if (errno) DIE("answer");
    }
  }
  size = 0;
}
static void set_up(int index) {
  struct ifinfomsg ifi = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  begin(RTM_NEWLINK, 0, &ifi, sizeof ifi);
  end();
}
static void add_bridge(void) {
  struct ifinfomsg up = {.ifi_index = 2, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof up);
  put(IFLA_IFNAME, "lan", 4);
  struct rtattr *info = put(IFLA_LINKINFO | NLA_F_NESTED, 0, 0);
  put(IFLA_INFO_KIND, "bridge", 6), close_nest(info), end();
}
static void add_pair(int i, int netns) {
  struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP}, peer_index = {.ifi_index = 2};
  char name[16];
  snprintf(name, sizeof name, "c%d", i + 1);
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof up);
  put(IFLA_IFNAME, name, strlen(name) + 1), put32(IFLA_MASTER, 2);
  struct rtattr *info = put(IFLA_LINKINFO | NLA_F_NESTED, 0, 0);
  put(IFLA_INFO_KIND, "veth", 4);
  struct rtattr *data = put(IFLA_INFO_DATA | NLA_F_NESTED, 0, 0);
  struct rtattr *peer = put(VETH_INFO_PEER | NLA_F_NESTED, &peer_index, sizeof peer_index);
  put(IFLA_IFNAME, "eth0", 5), put32(IFLA_NET_NS_FD, netns);
  close_nest(peer), close_nest(data), close_nest(info), end();
}
static void settle(int fd, int i) {
  unsigned address = htonl(0x0a320002u + i), gateway = htonl(0x0a320001u);
  struct ifaddrmsg ifa = {.ifa_family = AF_INET, .ifa_prefixlen = 16, .ifa_index = 2};
  struct rtmsg rt = {.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC, .rtm_type = RTN_UNICAST};
  set_up(1), set_up(2);
  begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &ifa, sizeof ifa);
  put(IFA_LOCAL, &address, 4), put(IFA_ADDRESS, &address, 4), end();
  begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &rt, sizeof rt);
  put(RTA_GATEWAY, &gateway, 4), end();
  flush(fd);
}

int main(int argc, char **argv) {
  int nodes = argc > 1 ? atoi(argv[1]) : 100, home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), host = open_netlink();
  int *netns = calloc(nodes, sizeof *netns), *sockets = calloc(nodes, sizeof *sockets);
  struct rlimit files = {4096, 4096};
  setrlimit(RLIMIT_NOFILE, &files);
  for (int i = 0; i < nodes; i++) {
    if (unshare(CLONE_NEWNET)) DIE("unshare");
    netns[i] = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), sockets[i] = open_netlink();
  }
  if (setns(home, CLONE_NEWNET)) DIE("setns");
  add_bridge(), set_up(1), flush(host);
  for (int i = 0; i < nodes; i++) {
    add_pair(i, netns[i]);
    if (size > (int)sizeof buf - 256) flush(host);
  }
  flush(host);
  for (int i = 0; i < nodes; i++) settle(sockets[i], i);
  puts("up"), fflush(stdout);
  while (read(0, buf, sizeof buf) > 0) {}
}
