#include "call.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>

namespace {

struct Decimal {
  char digits[20];
  std::string_view text;

  explicit Decimal(unsigned long value)
      : text(digits, static_cast<size_t>(std::to_chars(digits, digits + sizeof digits, value).ptr - digits)) {}
  Decimal(const Decimal&) = delete;
};

void appendList(Buffer& bytes, char** words) {
  unsigned long count = 0;
  while (words[count] != nullptr) count++;
  bytes.appendField(Decimal(count).text);
  for (; *words != nullptr; words++) bytes.appendField(*words);
}

/** As src/api/netns.ts: the daemon refuses clients that stand in another network namespace. */
void appendIdentity(Buffer& head) {
  struct stat own {};
  if (stat("/proc/self/ns/net", &own) < 0) return;
  head.append("tnet-netns: ");
  head.append(Decimal(own.st_dev).text);
  head.append(":");
  head.append(Decimal(own.st_ino).text);
  head.append("\r\n");
}

/** The value of a header of ours, in lower case as node writes it; empty without it. */
std::string_view header(std::string_view head, std::string_view name) {
  const size_t at = head.find(name);
  if (at == head.npos) return {};
  const std::string_view value = head.substr(at + name.size());
  return value.substr(0, value.find('\r'));
}

unsigned long number(std::string_view digits) {
  unsigned long value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/** Of `{"message":"…",…}`, quotes and all. */
std::string_view message(std::string_view body) {
  constexpr std::string_view before = "{\"message\":";
  if (body.substr(0, before.size()) != before) return "\"the daemon ended without an answer\"";
  size_t end = before.size() + 1;
  while (end < body.size() && body[end] != '"') end += body[end] == '\\' ? 2 : 1;
  return body.substr(before.size(), end + 1 - before.size());
}

}  // namespace

Buffer encodeCall(char** argv, char** environment, std::string_view input) {
  Buffer body;
  appendList(body, argv);
  appendList(body, environment);
  body.append(input);
  Buffer bytes;
  bytes.append("POST /tnet/plugin HTTP/1.1\r\nhost: tnet\r\nconnection: close\r\n");
  appendIdentity(bytes);
  bytes.append("content-length: ");
  bytes.append(Decimal(body.view().size()).text);
  bytes.append("\r\n\r\n");
  bytes.append(body.view());
  return bytes;
}

bool send(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

Answer decodeAnswer(std::string_view bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  const std::string_view head = bytes.substr(0, end);
  const std::string_view body = end == bytes.npos ? std::string_view() : bytes.substr(end + 4);
  const std::string_view code = header(head, "\r\ntnet-exit: ");
  if (code.empty()) return {.code = -1, .output = message(body), .errors = {}};
  const size_t output = number(header(head, "\r\ntnet-output: "));
  return {.code = static_cast<int>(number(code)), .output = body.substr(0, output), .errors = body.substr(output)};
}
