#include "log.h"

#include <unistd.h>

#include <algorithm>

#include "json.h"

namespace {

/** As Docker's copier. */
constexpr size_t maxLineBytes = 16 * 1024;

/** How much of `text` ends with a whole character: a cut must not make two U+FFFD of one. */
size_t wholeCharacters(std::string_view text) {
  for (size_t tail = 1; tail <= 3 && tail < text.size(); tail++) {
    const auto byte = static_cast<unsigned char>(text[text.size() - tail]);
    if ((byte & 0xc0) == 0x80) continue;
    const bool isTorn = byte >= 0xc2 && characterBytes(text.substr(text.size() - tail)) == 0;
    return isTorn ? text.size() - tail : text.size();
  }
  return text.size();
}

}  // namespace

void LineCutter::feed(std::string_view data, const std::string& time, std::string& records) {
  while (!data.empty()) {
    const size_t newline = data.find('\n');
    const size_t wanted = newline == std::string_view::npos ? data.size() : newline + 1;
    const size_t taken = std::min(wanted, maxLineBytes - line_.size());
    line_ += data.substr(0, taken);
    data.remove_prefix(taken);
    if (line_.back() == '\n') cut(line_.size(), time, records);
    else if (line_.size() == maxLineBytes) cut(wholeCharacters(line_), time, records);
  }
}

void LineCutter::end(const std::string& time, std::string& records) {
  if (!line_.empty()) cut(line_.size(), time, records);
}

void LineCutter::cut(size_t bytes, const std::string& time, std::string& records) {
  records += "{\"log\":\"";
  appendEscaped(records, std::string_view(line_).substr(0, bytes));
  ((((records += "\",\"stream\":\"") += stream_) += "\",\"time\":\"") += time) += "\"}\n";
  line_.erase(0, bytes);
}

/** What the disk took of a record without its end is taken back: it would spoil the next one too. */
void appendRecords(const Fd& log, std::string_view records) {
  const ssize_t written = write(log.get(), records.data(), records.size());
  if (written <= 0 || static_cast<size_t>(written) == records.size()) return;
  const auto torn = written - static_cast<ssize_t>(records.rfind('\n', static_cast<size_t>(written) - 1) + 1);
  const off_t end = lseek(log.get(), 0, SEEK_END);
  if (end >= torn && ftruncate(log.get(), end - torn) < 0) return;
}
