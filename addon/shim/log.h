#pragma once
#include <string>
#include <string_view>

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

/** Appends `records` to the log file. What does not fit on the disk is lost, record by record; the container goes on. */
void appendRecords(const Fd& log, std::string_view records);
