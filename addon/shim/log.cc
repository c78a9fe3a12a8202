#include "log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

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

/** 0640 as Docker's. */
Outcome Log::open(const char* path, size_t maxBytes, size_t maxFiles) {
  path_ = path;
  maxBytes_ = maxBytes;
  maxFiles_ = maxFiles;
  file_ = Fd(::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  struct stat status;
  if (!file_ || fstat(file_.get(), &status) < 0) return failed("open", path);
  bytes_ = static_cast<size_t>(status.st_size);
  return done;
}

void Log::append(std::string_view records) {
  if (!file_) return;
  while (!records.empty()) {
    if (maxBytes_ > 0 && bytes_ >= maxBytes_) rotate();
    const size_t room = roomFor(records);
    write(records.substr(0, room));
    records.remove_prefix(room);
  }
}

/** Up to the end of the record that fills the file: as Docker's, it is a little longer than allowed, never torn. */
size_t Log::roomFor(std::string_view records) const {
  if (maxBytes_ == 0 || bytes_ >= maxBytes_) return maxBytes_ == 0 ? records.size() : records.find('\n') + 1;
  const size_t end = records.find('\n', std::min(maxBytes_ - bytes_, records.size()) - 1);
  return end == std::string_view::npos ? records.size() : end + 1;
}

/** What the disk took of a record without its end is taken back: it would spoil the next one too. */
void Log::write(std::string_view records) {
  const ssize_t written = ::write(file_.get(), records.data(), records.size());
  // A short write is a full disk too: the errno would come with the next.
  if (written < static_cast<ssize_t>(records.size()) && loss_ == 0) loss_ = written < 0 ? errno : ENOSPC;
  if (written <= 0) return;
  bytes_ += static_cast<size_t>(written);
  if (static_cast<size_t>(written) == records.size()) return;
  const auto torn = written - static_cast<ssize_t>(records.rfind('\n', static_cast<size_t>(written) - 1) + 1);
  const off_t end = lseek(file_.get(), 0, SEEK_END);
  if (end >= torn && ftruncate(file_.get(), end - torn) == 0) bytes_ -= static_cast<size_t>(torn);
}

std::string Log::older(size_t age) const { return path_ + '.' + std::to_string(age); }

/**
 * The new file comes first: where none can be made, the old one goes on growing. A reader that holds an old one finds it
 * again by its inode, and what follows it beside it; nothing is ever written to one that has been renamed.
 */
void Log::rotate() {
  const std::string next = path_ + ".next";
  Fd file(::open(next.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file) return;
  for (size_t age = maxFiles_ - 1; age > 1; age--) rename(older(age - 1).c_str(), older(age).c_str());
  if (maxFiles_ > 1) rename(path_.c_str(), older(1).c_str());
  if (rename(next.c_str(), path_.c_str()) < 0) return;
  file_ = std::move(file);
  bytes_ = 0;
}
