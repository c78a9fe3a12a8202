#pragma once
#include <string>
#include <string_view>

#include "failure.h"
#include "fd.h"

/** Cuts one output stream into records of Docker's json-file format: a line each, a longer one in pieces of 16 KiB. */
class LineCutter {
 public:
  explicit LineCutter(const char* stream) : stream_(stream) {}
  /** Appends a record for everything that is complete. */
  void feed(std::string_view data, const std::string& time, std::string& records);
  /** Appends what came after the last newline. */
  void end(const std::string& time, std::string& records);

 private:
  void cut(size_t bytes, const std::string& time, std::string& records);
  const char* stream_;
  std::string line_;
};

/** The log file, and the older ones beside it: `<path>.1` is the one before, `.2` that before it. */
class Log {
 public:
  /** Without `maxBytes` it grows for ever. A container that starts again continues its log. */
  Outcome open(const char* path, size_t maxBytes, size_t maxFiles);
  /** Appends whole records. What does not fit on the disk is lost, record by record; the container goes on. */
  void append(std::string_view records);
  /** errno of the first loss; 0: none. */
  int loss() const { return loss_; }

 private:
  size_t roomFor(std::string_view records) const;
  void write(std::string_view records);
  void rotate();
  std::string older(size_t age) const;

  std::string path_;
  size_t maxBytes_ = 0;
  size_t maxFiles_ = 1;
  size_t bytes_ = 0;
  int loss_ = 0;
  Fd file_;
};
