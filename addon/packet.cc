#include <cstring>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <memory>
#include <net/ethernet.h>
#include <netinet/in.h>

#include "native.h"

static constexpr size_t batchSize = 64;
/** tcpdump's MAXIMUM_SNAPLEN. Frames start apart by more than a page, so that they do not fall into the same cache lines. */
static constexpr size_t frameSize = 262144, stride = frameSize + 4096 + 64;
/** What a pcapng block has before and after its data: the caller turns each record into one where it lies. */
static constexpr size_t headSize = 28, tailSize = 16;

struct Batch {
  mmsghdr messages[batchSize];
  iovec pieces[batchSize];
  sockaddr_ll from[batchSize];
  alignas(cmsghdr) uint8_t control[batchSize][CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(tpacket_auxdata))];
  uint8_t frames[batchSize][stride];  // pages that were never written to cost nothing
};

/** A socket of protocol 0 hears nothing: filter and options are there before bind(2) lets the first packet in. */
int openPacket(const PacketSpec& spec, Netns netns) {
  Fd fd(socketIn(netns, AF_PACKET, SOCK_RAW, 0));
  const auto filter = const_cast<sock_filter*>(reinterpret_cast<const sock_filter*>(spec.filter.data()));
  const sock_fprog program{static_cast<unsigned short>(spec.filter.size() / sizeof(sock_filter)), filter};
  const auto set = [&fd](int level, int option, const auto& value) { return setsockopt(fd.get(), level, option, &value, sizeof value) == 0; };
  const bool done = set(SOL_SOCKET, SO_ATTACH_FILTER, program) && set(SOL_SOCKET, SO_TIMESTAMPNS, 1) &&
                    set(SOL_PACKET, PACKET_AUXDATA, 1) && set(SOL_PACKET, PACKET_IGNORE_OUTGOING, int(spec.incoming)) &&
                    (set(SOL_SOCKET, SO_RCVBUFFORCE, spec.bufferSize) || set(SOL_SOCKET, SO_RCVBUF, spec.bufferSize));
  if (!done) throw SystemError("setsockopt", errno);
  const sockaddr_ll address{AF_PACKET, htons(ETH_P_ALL), spec.ifindex, 0, 0, 0, {}};
  check("bind", bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  return fd.release();
}

static void appendRecord(Bytes& records, mmsghdr& message) {
  tpacket_auxdata aux{};
  timespec time{};
  for (auto* entry = CMSG_FIRSTHDR(&message.msg_hdr); entry; entry = CMSG_NXTHDR(&message.msg_hdr, entry)) {
    if (entry->cmsg_level == SOL_PACKET) memcpy(&aux, CMSG_DATA(entry), sizeof aux);
    else memcpy(&time, CMSG_DATA(entry), sizeof time);
  }
  const auto* frame = static_cast<const uint8_t*>(message.msg_hdr.msg_iov->iov_base);
  // The kernel has taken a VLAN tag out of the frame; it goes back where it was, behind the MAC addresses.
  const uint16_t tag[] = {htons(aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETHERTYPE_VLAN), htons(aux.tp_vlan_tci)};
  const size_t untagged = std::min<size_t>(message.msg_len, frameSize), before = 2 * ETH_ALEN;
  const uint32_t tagSize = aux.tp_status & TP_STATUS_VLAN_VALID && untagged >= before ? sizeof tag : 0;
  const uint64_t nanoseconds = time.tv_sec * 1'000'000'000ull + time.tv_nsec;
  const uint32_t size = untagged + tagSize;
  const uint32_t head[headSize / 4] = {static_cast<uint32_t>(nanoseconds >> 32), static_cast<uint32_t>(nanoseconds), size, aux.tp_len + tagSize,
                                       static_cast<const sockaddr_ll*>(message.msg_hdr.msg_name)->sll_pkttype};
  const auto append = [&records](const void* from, size_t count) {
    records.insert(records.end(), static_cast<const uint8_t*>(from), static_cast<const uint8_t*>(from) + count);
  };
  append(head, sizeof head);
  if (tagSize) append(frame, before), append(tag, sizeof tag);
  append(frame + (tagSize ? before : 0), untagged - (tagSize ? before : 0));
  records.resize(records.size() + (-size & 3) + tailSize);
}

Bytes receivePackets(int fd) {
  thread_local const auto batch = std::make_unique_for_overwrite<Batch>();
  for (size_t i = 0; i < batchSize; i++) {
    batch->pieces[i] = {batch->frames[i], frameSize};
    batch->messages[i].msg_hdr = {&batch->from[i], sizeof batch->from[i], &batch->pieces[i], 1, batch->control[i], sizeof batch->control[i], 0};
  }
  const int count = recvmmsg(fd, batch->messages, batchSize, MSG_DONTWAIT, nullptr);
  Bytes records;
  if (count < 0 && errno == EAGAIN) return records;
  for (int i = 0; i < check("recvmmsg", count); i++) appendRecord(records, batch->messages[i]);
  return records;
}

Bytes packetCounts(int fd) {
  Bytes counts(sizeof(tpacket_stats));
  socklen_t size = counts.size();
  check("getsockopt", getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, counts.data(), &size));
  return counts;
}
