#pragma once
#include <poll.h>

#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "fd.h"
#include "terminal.h"

/** First byte of a frame `[type,0,0,0,length BE32]` + payload, Docker's format. */
enum Frame : unsigned char {
  // from a client
  StdinData = 0,  // without payload: close stdin
  Subscribe = 1,
  Signal = 2,  // payload: its number, one byte
  Resize = 3,          // payload: width and height, BE16 each
  ProcessWanted = 16,  // answered by one byte that carries a pidfd of the container
  // to a client
  StdoutData = 1,
  StderrData = 2,
  ExitRecord = 3,
  LogLoss = 4,  // payload: why
};

/** What a client may ask for. */
struct ClientRequests {
  std::function<void(std::string_view)> stdinData;
  std::function<void()> stdinEnd;
  std::function<void(int)> signal;
  std::function<void(TerminalSize)> resize;
  /** Sends a pidfd of the container over that socket. */
  std::function<void(const Fd&)> process;
  /** Whether stdin takes no more for now; its feeders wait then. */
  std::function<bool()> stdinFull;
};

/** One connection to the attach socket. */
class Client {
 public:
  explicit Client(Fd fd) : fd_(std::move(fd)) {}
  /** Reads what has come. False when it is gone, or broke the protocol. */
  bool receive(ClientRequests& requests);
  /** Queues a frame and sends what the socket takes. */
  void send(Frame type, std::string_view payload);
  /** False when it is gone. */
  bool flush();
  /** Closes our direction once everything is sent; the other stays open, see Clients::sendExit(). */
  void finish();
  /** What to wait for; `fd` is -1 when there is nothing: a feeder of a full stdin that hung up would wake us forever. */
  pollfd interest(ClientRequests& requests) const;
  bool isSubscribed() const { return subscribed_; }
  size_t unsentBytes() const { return unsent_.size() - sent_; }

 private:
  bool forgetSent();
  bool take(std::string_view data, ClientRequests& requests);
  bool begin(ClientRequests& requests);
  void handle(std::string_view payload, ClientRequests& requests);

  Fd fd_;
  bool subscribed_ = false;
  bool finished_ = false;
  bool feedsStdin_ = false;
  std::string header_;
  uint32_t missing_ = 0;  // of the payload
  std::string size_;      // what has come of a Resize
  std::string unsent_;
  size_t sent_ = 0;
};

/** Every connection. */
class Clients {
 public:
  explicit Clients(ClientRequests requests) : requests_(std::move(requests)) {}
  /** Takes every waiting connection and what it has already said: a subscription counts before the output that follows it. */
  void acceptAll(const Fd& listener);
  void addInterests(std::vector<pollfd>& fds) const;
  /** `fds` begins with what addInterests() added. */
  void serve(const pollfd* fds);
  /** To subscribers. */
  void sendOutput(Frame type, std::string_view data);
  /** To those who watch and do not subscribe, as the daemon does. False when there is none. */
  bool sendNotice(Frame type, std::string_view payload);
  /** The last frame; nothing that clients send matters after it. */
  void sendExit(std::string_view record);
  /** A subscriber is so far behind that the container has to wait. */
  bool areCongested() const;
  bool isEmpty() const { return clients_.empty(); }

 private:
  mutable ClientRequests requests_;
  std::list<Client> clients_;
};
