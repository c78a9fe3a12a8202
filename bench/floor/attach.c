/* The floor of bench/attach.ts: what one attach costs a C program that does nothing else. For every line on stdin it makes
 * a pinned netns, a veth pair (host end: bridge port, up; other end in the netns), lo and eth0 up, an address, the default
 * route and one element of an nft map, waits for the carrier, and prints the microseconds. Plain netlink sockets, no library.
 * Run it in fresh network and mount namespaces; argv[1] is an empty directory for the netns pins.
 * A setup of `ip link add br0 type bridge` and the nft map is done by the caller (bench/attach.ts). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DIE(what) do { perror(what); exit(1); } while (0)

static char buf[8192];
static struct nlmsghdr *msg;

static void begin(int type, int flags, const void *body, int len) {
  msg = (struct nlmsghdr *)buf;
  memset(msg, 0, sizeof *msg);
  msg->nlmsg_type = type;
  msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
  msg->nlmsg_seq = 1;
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
static void end(struct rtattr *nest) { nest->rta_len = (char *)msg + msg->nlmsg_len - (char *)nest; }

static int open_netlink(int protocol) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  struct sockaddr_nl sa = {.nl_family = AF_NETLINK};
  if (fd < 0 || bind(fd, (void *)&sa, sizeof sa)) DIE("netlink");
  return fd;
}
static void talk(int fd, const void *data, int len, const char *what) {
  char answer[8192];
  if (send(fd, data, len, 0) < 0) DIE(what);
  int n = recv(fd, answer, sizeof answer, 0);
  struct nlmsghdr *h = (void *)answer;
  if (n < 0 || (h->nlmsg_type == NLMSG_ERROR && ((struct nlmsgerr *)NLMSG_DATA(h))->error)) {
    errno = n < 0 ? errno : -((struct nlmsgerr *)NLMSG_DATA(h))->error;
    DIE(what);
  }
}
static void commit(int fd, const char *what) { talk(fd, msg, msg->nlmsg_len, what); }

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) DIE(path);
  close(fd);
}
static int link_index(int fd, const char *name, unsigned char *operstate) {
  struct ifinfomsg ifi = {0};
  char answer[16384];
  begin(RTM_GETLINK, 0, &ifi, sizeof ifi);
  msg->nlmsg_flags = NLM_F_REQUEST;
  put(IFLA_IFNAME, name, strlen(name) + 1);
  if (send(fd, msg, msg->nlmsg_len, 0) < 0) DIE("getlink");
  if (recv(fd, answer, sizeof answer, 0) < 0) DIE("getlink");
  struct nlmsghdr *h = (void *)answer;
  if (h->nlmsg_type != RTM_NEWLINK) DIE(name);
  struct ifinfomsg *got = NLMSG_DATA(h);
  int len = h->nlmsg_len - NLMSG_LENGTH(sizeof *got);
  for (struct rtattr *a = IFLA_RTA(got); RTA_OK(a, len); a = RTA_NEXT(a, len))
    if (a->rta_type == IFLA_OPERSTATE) *operstate = *(unsigned char *)RTA_DATA(a);
  return got->ifi_index;
}
static void set_up(int fd, int index) {
  struct ifinfomsg ifi = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  begin(RTM_NEWLINK, 0, &ifi, sizeof ifi);
  commit(fd, "up");
}

/* One batch: begin, new element {tcp . port : address . 80} in inet bench, map published, end. */
static void add_element(int fd, unsigned short port, unsigned address) {
  static char batch[1024];
  struct nfgenmsg generic = {.nfgen_family = AF_UNSPEC, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  struct nfgenmsg inet = {.nfgen_family = NFPROTO_INET};
  unsigned char key[8] = {IPPROTO_TCP}, data[8] = {0};
  int size = 0;
  unsigned short target = htons(80);
  port = htons(port);
  memcpy(key + 4, &port, 2);
  memcpy(data, &address, 4);
  memcpy(data + 4, &target, 2);
  begin(NFNL_MSG_BATCH_BEGIN, 0, &generic, sizeof generic);
  msg->nlmsg_flags = NLM_F_REQUEST;
  memcpy(batch, msg, msg->nlmsg_len), size = msg->nlmsg_len;
  begin((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWSETELEM, NLM_F_CREATE, &inet, sizeof inet);
  put(NFTA_SET_ELEM_LIST_TABLE, "bench", 6);
  put(NFTA_SET_ELEM_LIST_SET, "published", 10);
  struct rtattr *list = put(NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED, 0, 0), *item = put(1 | NLA_F_NESTED, 0, 0);
  struct rtattr *k = put(NFTA_SET_ELEM_KEY | NLA_F_NESTED, 0, 0);
  put(NFTA_DATA_VALUE, key, 8), end(k);
  struct rtattr *d = put(NFTA_SET_ELEM_DATA | NLA_F_NESTED, 0, 0);
  put(NFTA_DATA_VALUE, data, 8), end(d), end(item), end(list);
  memcpy(batch + size, msg, msg->nlmsg_len), size += msg->nlmsg_len;
  begin(NFNL_MSG_BATCH_END, 0, &generic, sizeof generic);
  msg->nlmsg_flags = NLM_F_REQUEST;
  memcpy(batch + size, msg, msg->nlmsg_len), size += msg->nlmsg_len;
  talk(fd, batch, size, "element");
}

static void attach(const char *dir, int host, int nft, int bridge, int home, int n) {
  char path[256], near[16];
  snprintf(path, sizeof path, "%s/%d", dir, n);
  snprintf(near, sizeof near, "fl%d", n);
  close(open(path, O_CREAT | O_EXCL | O_RDONLY, 0444));
  if (unshare(CLONE_NEWNET) || mount("/proc/thread-self/ns/net", path, 0, MS_BIND, 0)) DIE("netns");
  write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
  write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
  int inside = open_netlink(NETLINK_ROUTE);
  if (setns(home, CLONE_NEWNET)) DIE("home");
  int ns = open(path, O_RDONLY | O_CLOEXEC);

  struct ifinfomsg none = {0};
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &none, sizeof none);
  put(IFLA_IFNAME, near, strlen(near) + 1), put32(IFLA_MASTER, bridge), put32(IFLA_GROUP, 7);
  struct rtattr *info = put(IFLA_LINKINFO | NLA_F_NESTED, 0, 0);
  put(IFLA_INFO_KIND, "veth", 4);
  struct rtattr *data = put(IFLA_INFO_DATA | NLA_F_NESTED, 0, 0), *peer = put(VETH_INFO_PEER | NLA_F_NESTED, &none, sizeof none);
  put(IFLA_IFNAME, "eth0", 5), put32(IFLA_NET_NS_FD, ns), end(peer), end(data), end(info);
  commit(host, "veth");
  close(ns);
  char sysctl[128];
  snprintf(sysctl, sizeof sysctl, "/proc/sys/net/ipv6/conf/%s/disable_ipv6", near);
  write_file(sysctl, "1");
  unsigned char state = 0;
  set_up(host, link_index(host, near, &state));

  int eth0 = link_index(inside, "eth0", &state);
  set_up(inside, 1);
  set_up(inside, eth0);
  unsigned address = htonl(0x0a580002u + n), gateway = htonl(0x0a580001u);
  struct ifaddrmsg ifa = {.ifa_family = AF_INET, .ifa_prefixlen = 16, .ifa_index = eth0};
  begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &ifa, sizeof ifa);
  put(IFA_LOCAL, &address, 4), put(IFA_ADDRESS, &address, 4);
  commit(inside, "address");
  struct rtmsg rt = {.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = 84, .rtm_type = RTN_UNICAST};
  begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &rt, sizeof rt);
  put(RTA_GATEWAY, &gateway, 4);
  commit(inside, "route");
  close(inside);
  add_element(nft, 10000 + n, address);
  for (state = 0; state != 6 /* IF_OPER_UP */;) link_index(host, near, &state);
}

int main(int argc, char **argv) {
  if (argc < 2) return fprintf(stderr, "usage: attach DIR\n"), 2;
  int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), host = open_netlink(NETLINK_ROUTE), nft = open_netlink(NETLINK_NETFILTER);
  unsigned char state;
  int bridge = link_index(host, "br0", &state);
  char line[16];
  for (int n = 0; fgets(line, sizeof line, stdin); n++) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    attach(argv[1], host, nft, bridge, home, n);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%ld\n", (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
    fflush(stdout);
  }
}
