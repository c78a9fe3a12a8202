#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "archive.h"

namespace {

constexpr size_t blockBytes = 512;

/** Octal, right-aligned, with its NUL; false when it does not fit. */
bool putNumber(char* field, size_t size, uint64_t value) {
  if (value >> (3 * (size - 1)) != 0) return false;
  snprintf(field, size, "%0*llo", static_cast<int>(size - 1), static_cast<unsigned long long>(value));
  return true;
}

void addRecord(std::string& records, std::string_view key, std::string_view value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) length = std::to_string(length).size() + rest;
  ((((records += std::to_string(length)) += ' ') += key) += '=') += value;
  records += '\n';
}

/** Into the block what fits, into `records` what does not. */
void putHeader(char* block, const Entry& entry, std::string& records) {
  const auto number = [&](size_t at, size_t size, uint64_t value, const char* key) {
    if (!putNumber(block + at, size, value) && key != nullptr) addRecord(records, key, std::to_string(value));
  };
  if (entry.name.size() > 100) addRecord(records, "path", entry.name);
  if (entry.target.size() > 100) addRecord(records, "linkpath", entry.target);
  memcpy(block, entry.name.data(), std::min<size_t>(entry.name.size(), 100));
  number(100, 8, entry.mode, nullptr);
  number(108, 8, entry.uid, "uid");
  number(116, 8, entry.gid, "gid");
  number(124, 12, entry.size, "size");
  number(136, 12, entry.mtime < 0 ? 0 : static_cast<uint64_t>(entry.mtime), nullptr);
  block[156] = entry.type;
  memcpy(block + 157, entry.target.data(), std::min<size_t>(entry.target.size(), 100));
  memcpy(block + 257, "ustar\00000", 8);
  number(329, 8, entry.major, nullptr);
  number(337, 8, entry.minor, nullptr);
  for (const auto& [name, value] : entry.attributes) addRecord(records, "SCHILY.xattr." + name, value);
}

Outcome writeBlock(char* block) {
  memset(block + 148, ' ', 8);
  unsigned sum = 0;
  for (size_t i = 0; i < blockBytes; i++) sum += static_cast<unsigned char>(block[i]);
  snprintf(block + 148, 8, "%06o", sum);
  return writeAll({block, blockBytes});
}

Outcome writeRecords(const std::string& records) {
  Entry extended;
  extended.name = "././@PaxHeader";
  extended.type = 'x';
  extended.mode = 0644;
  extended.size = records.size();
  char block[blockBytes] = {};
  std::string none;
  putHeader(block, extended, none);
  if (Outcome failure = writeBlock(block)) return failure;
  if (Outcome failure = writeAll(records)) return failure;
  return writePadding(records.size());
}

}  // namespace

Outcome writeAll(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (count < 0) return failed("write", "archive");
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return done;
}

Outcome writePadding(uint64_t size) {
  const char zeros[blockBytes] = {};
  return writeAll({zeros, (blockBytes - size % blockBytes) % blockBytes});
}

Outcome writeHeader(const Entry& entry) {
  char block[blockBytes] = {};
  std::string records;
  putHeader(block, entry, records);
  if (!records.empty()) {
    if (Outcome failure = writeRecords(records)) return failure;
  }
  return writeBlock(block);
}

Outcome writeEnd() {
  const char zeros[2 * blockBytes] = {};
  return writeAll({zeros, sizeof zeros});
}
