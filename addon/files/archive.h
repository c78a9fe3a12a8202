#pragma once
#include <sys/stat.h>

#include <map>
#include <string>
#include <string_view>

#include "../shim/failure.h"

/** One entry of a tar archive, whatever dialect it came in. */
struct Entry {
  std::string name;
  /** `0` file, `1` hard link, `2` symbolic link, `3` `4` devices, `5` directory, `6` pipe. */
  char type = '0';
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  uint64_t size = 0;
  int64_t mtime = 0;
  unsigned major = 0;
  unsigned minor = 0;
  /** Of links. */
  std::string target;
  std::map<std::string, std::string> attributes;
};

/** Reads entries from fd 0: ustar, pax and GNU's long names; no sparse files. */
class ArchiveReader {
 public:
  /** `found` is false at the end. What is left of the last entry's content is passed over. */
  Outcome next(Entry& entry, bool& found);
  /** Up to `size` bytes of the entry's content; 0 at its end. */
  Outcome read(char* buffer, size_t size, size_t& count);
  /** To the very end: whoever writes must not see us go before. */
  Outcome drain();

 private:
  Outcome header(Entry& entry, bool& found);
  Outcome fill(std::string& text, uint64_t size);
  Outcome skip(uint64_t size);
  uint64_t content_ = 0;
  uint64_t padding_ = 0;
};

/** Writes entries to fd 1: ustar, with pax records where it is too small. */
Outcome writeHeader(const Entry& entry);
Outcome writeAll(std::string_view bytes);
/** Zeros up to the next block after `size` bytes. */
Outcome writePadding(uint64_t size);
/** The two empty blocks at the end. */
Outcome writeEnd();
