#include "attach.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace {

constexpr size_t headerBytes = 8;
constexpr size_t sizeBytes = 4;
constexpr size_t maxUnsentBytes = 1024 * 1024;

uint32_t payloadBytes(const std::string& header) {
  uint32_t length;
  memcpy(&length, header.data() + 4, sizeof length);
  return ntohl(length);
}

TerminalSize decodeSize(const std::string& bytes) {
  uint16_t numbers[2];
  memcpy(numbers, bytes.data(), sizeof numbers);
  return {ntohs(numbers[0]), ntohs(numbers[1])};
}

void appendFrame(std::string& bytes, Frame type, std::string_view payload) {
  const uint32_t length = htonl(static_cast<uint32_t>(payload.size()));
  bytes.append({static_cast<char>(type), 0, 0, 0});
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += payload;
}

}  // namespace

bool Client::receive(ClientRequests& requests) {
  char chunk[65536];
  const ssize_t count = recv(fd_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN;
  return count > 0 && take({chunk, static_cast<size_t>(count)}, requests);
}

bool Client::take(std::string_view data, ClientRequests& requests) {
  while (!data.empty()) {
    if (missing_ == 0) {
      const size_t taken = std::min(headerBytes - header_.size(), data.size());
      header_ += data.substr(0, taken);
      data.remove_prefix(taken);
      if (header_.size() == headerBytes && !begin(requests)) return false;
    } else {
      const size_t taken = std::min<size_t>(missing_, data.size());
      missing_ -= static_cast<uint32_t>(taken);
      handle(data.substr(0, taken), requests);
      data.remove_prefix(taken);
    }
    if (header_.size() == headerBytes && missing_ == 0) header_.clear();
  }
  return true;
}

/** A frame whose header is complete. */
bool Client::begin(ClientRequests& requests) {
  missing_ = payloadBytes(header_);
  const auto type = static_cast<unsigned char>(header_[0]);
  if (type == StdinData && missing_ == 0) requests.stdinEnd();
  if (type == StdinData) feedsStdin_ = true;
  if (type == Subscribe) subscribed_ = true;
  if (type == Resize) size_.clear();
  if (type == ProcessWanted) requests.process(fd_);
  return type <= Signal || type == ProcessWanted || (type == Resize && missing_ == sizeBytes);
}

/** A piece of a payload. */
void Client::handle(std::string_view payload, ClientRequests& requests) {
  if (header_[0] == StdinData) requests.stdinData(payload);
  if (header_[0] == Signal) requests.signal(static_cast<unsigned char>(payload[0]));
  if (header_[0] == Resize && (size_ += payload).size() == sizeBytes) requests.resize(decodeSize(size_));
}

void Client::send(Frame type, std::string_view payload) {
  appendFrame(unsent_, type, payload);
  flush();
}

bool Client::flush() {
  while (unsentBytes() > 0) {
    const ssize_t count = ::send(fd_.get(), unsent_.data() + sent_, unsentBytes(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN && forgetSent();
    sent_ += static_cast<size_t>(count);
  }
  // Memory of a moment's backlog is given back: there is one shim for each container.
  std::string().swap(unsent_);
  sent_ = 0;
  if (finished_) shutdown(fd_.get(), SHUT_WR);
  return true;
}

void Client::finish() {
  finished_ = true;
  flush();
}

/** A client that is always a little behind must not make us keep all that it ever got. */
bool Client::forgetSent() {
  if (sent_ < maxUnsentBytes) return true;
  unsent_.erase(0, std::exchange(sent_, 0));
  return true;
}

pollfd Client::interest(ClientRequests& requests) const {
  const bool waits = feedsStdin_ && requests.stdinFull();
  const int events = (waits ? 0 : POLLIN) | (unsentBytes() > 0 ? POLLOUT : 0);
  return {events == 0 ? -1 : fd_.get(), static_cast<short>(events), 0};
}

void Clients::acceptAll(const Fd& listener) {
  for (;;) {
    Fd fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) return;
    clients_.emplace_back(std::move(fd));
    if (!clients_.back().receive(requests_)) clients_.pop_back();
  }
}

void Clients::addInterests(std::vector<pollfd>& fds) const {
  for (const Client& client : clients_) fds.push_back(client.interest(requests_));
}

void Clients::serve(const pollfd* fds) {
  for (auto client = clients_.begin(); client != clients_.end(); fds++) {
    bool stays = true;
    if (fds->revents & POLLOUT) stays = client->flush();
    if (stays && (fds->revents & (POLLIN | POLLHUP | POLLERR)) && (fds->events & POLLIN)) stays = client->receive(requests_);
    client = stays ? std::next(client) : clients_.erase(client);
  }
}

void Clients::sendOutput(Frame type, std::string_view data) {
  for (Client& client : clients_) {
    if (client.isSubscribed()) client.send(type, data);
  }
}

bool Clients::sendNotice(Frame type, std::string_view payload) {
  bool told = false;
  for (Client& client : clients_) {
    if (client.isSubscribed()) continue;
    client.send(type, payload);
    told = true;
  }
  return told;
}

/**
 * Then we wait for the client to hang up. If we did, one that is just writing stdin would get EPIPE or ECONNRESET, and many
 * programs (Node among them) then forget what they have not read yet: the last output and the exit.
 */
void Clients::sendExit(std::string_view record) {
  for (Client& client : clients_) {
    client.send(ExitRecord, record);
    client.finish();
  }
}

bool Clients::areCongested() const {
  return std::ranges::any_of(clients_, [](const Client& client) { return client.unsentBytes() > maxUnsentBytes; });
}
