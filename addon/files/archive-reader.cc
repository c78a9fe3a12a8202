#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <vector>

#include "archive.h"

namespace {

constexpr size_t blockBytes = 512;
/** Names, and attributes of at most 64 KiB each: a header that wants more is no archive. */
constexpr uint64_t maxRecordBytes = 1 << 20;

/** POSIX ustar, as in tar.h(0p); numbers are octal text, or GNU's base 256. */
struct Header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, linkname[100], magic[6], version[2];
  char uname[32], gname[32], major[8], minor[8], prefix[155], unused[12];
};
static_assert(sizeof(Header) == blockBytes);

Outcome broken(std::string_view why) { return refused(EINVAL, "tar", why); }

/** As many as `size`, unless the input ends. */
Outcome readFully(char* buffer, size_t size, size_t& count) {
  for (count = 0; count < size;) {
    const ssize_t more = read(STDIN_FILENO, buffer + count, size - count);
    if (more < 0) return failed("read", "archive");
    if (more == 0) break;
    count += static_cast<size_t>(more);
  }
  return done;
}

template <size_t N>
std::string_view fieldText(const char (&field)[N]) {
  return {field, strnlen(field, N)};
}

template <size_t N>
bool parseNumber(const char (&field)[N], uint64_t& value) {
  value = 0;
  if (static_cast<unsigned char>(field[0]) == 0x80) {
    for (size_t i = N > 9 ? N - 8 : 1; i < N; i++) value = value << 8 | static_cast<unsigned char>(field[i]);
    return true;
  }
  std::string_view text = fieldText(field);
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.empty()) return true;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value, 8);
  return error == std::errc() && end == text.end();
}

bool isChecked(const Header& header) {
  uint64_t told = 0, sum = 0;
  if (!parseNumber(header.checksum, told)) return false;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  constexpr size_t begin = offsetof(Header, checksum), end = begin + sizeof header.checksum;
  for (size_t i = 0; i < blockBytes; i++) sum += i >= begin && i < end ? ' ' : bytes[i];
  return sum == told;
}

uint64_t paddingOf(uint64_t size) { return (blockBytes - size % blockBytes) % blockBytes; }

bool decodeHeader(const Header& header, Entry& entry) {
  uint64_t mode, uid, gid, size, mtime, major, minor;
  const bool numbers = parseNumber(header.mode, mode) && parseNumber(header.uid, uid) && parseNumber(header.gid, gid) &&
                       parseNumber(header.size, size) && parseNumber(header.mtime, mtime) && parseNumber(header.major, major) &&
                       parseNumber(header.minor, minor);
  if (!numbers) return false;
  const bool isPosix = memcmp(header.magic, "ustar\0", 6) == 0; // GNU has times where POSIX has a prefix
  const std::string prefix(isPosix ? fieldText(header.prefix) : std::string_view());
  entry.name = (prefix.empty() ? "" : prefix + '/') + std::string(fieldText(header.name));
  entry.target = fieldText(header.linkname);
  entry.type = header.type == '\0' || header.type == '7' ? '0' : header.type;
  entry.mode = static_cast<mode_t>(mode & 07777);
  entry.uid = static_cast<uid_t>(uid);
  entry.gid = static_cast<gid_t>(gid);
  entry.size = size;
  entry.mtime = static_cast<int64_t>(mtime);
  entry.major = static_cast<unsigned>(major);
  entry.minor = static_cast<unsigned>(minor);
  if (entry.type == '0' && entry.name.ends_with('/')) entry.type = '5';
  return true;
}

template <typename T>
bool takeNumber(std::string_view text, T& value) {
  const size_t dot = text.find('.'); // mtime may have a fraction
  text = text.substr(0, dot);
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  return error == std::errc() && end == text.end();
}

bool applyRecord(Entry& entry, std::string_view key, std::string_view value) {
  constexpr std::string_view attribute = "SCHILY.xattr.";
  if (key == "path") entry.name = value;
  else if (key == "linkpath") entry.target = value;
  else if (key == "size") return takeNumber(value, entry.size);
  else if (key == "uid") return takeNumber(value, entry.uid);
  else if (key == "gid") return takeNumber(value, entry.gid);
  else if (key == "mtime") return takeNumber(value, entry.mtime);
  else if (key.starts_with(attribute)) entry.attributes[std::string(key.substr(attribute.size()))] = value;
  else return !key.starts_with("GNU.sparse.");
  return true;
}

/** `27 path=…\n`, its own length first. */
bool applyRecords(Entry& entry, std::string_view records) {
  while (!records.empty()) {
    size_t length = 0;
    const auto [end, error] = std::from_chars(records.begin(), records.end(), length);
    const auto digits = static_cast<size_t>(end - records.begin());
    if (error != std::errc() || length < digits + 3 || length > records.size() || *end != ' ' || records[length - 1] != '\n') return false;
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos || !applyRecord(entry, record.substr(0, equals), record.substr(equals + 1))) return false;
    records.remove_prefix(length);
  }
  return true;
}

}  // namespace

Outcome ArchiveReader::skip(uint64_t size) {
  std::vector<char> waste(1 << 16);
  while (size > 0) {
    size_t count = 0;
    if (Outcome failure = readFully(waste.data(), static_cast<size_t>(std::min<uint64_t>(size, waste.size())), count)) return failure;
    if (count == 0) return broken("unexpected end of the archive");
    size -= count;
  }
  return done;
}

Outcome ArchiveReader::fill(std::string& text, uint64_t size) {
  if (size > maxRecordBytes) return broken("extended header of more than 1 MiB");
  text.resize(static_cast<size_t>(size));
  size_t count = 0;
  if (Outcome failure = readFully(text.data(), text.size(), count)) return failure;
  if (count < text.size()) return broken("unexpected end of the archive");
  return skip(paddingOf(size));
}

Outcome ArchiveReader::header(Entry& entry, bool& found) {
  Header header;
  size_t count = 0;
  if (Outcome failure = readFully(reinterpret_cast<char*>(&header), sizeof header, count)) return failure;
  const bool isEmpty = std::ranges::all_of(std::string_view(reinterpret_cast<char*>(&header), count), [](char c) { return c == '\0'; });
  found = count != 0 && !isEmpty;
  if (!found) return done;
  if (count < sizeof header) return broken("unexpected end of the archive");
  if (!isChecked(header) || !decodeHeader(header, entry)) return broken("invalid tar header");
  return done;
}

Outcome ArchiveReader::next(Entry& entry, bool& found) {
  if (Outcome failure = skip(content_ + padding_)) return failure;
  content_ = padding_ = 0;
  std::string name, target, records;
  for (;;) {
    entry = Entry();
    if (Outcome failure = header(entry, found)) return failure;
    if (!found) return done;
    std::string ignored;
    std::string* into = entry.type == 'L' ? &name : entry.type == 'K' ? &target : entry.type == 'x' ? &records : entry.type == 'g' ? &ignored : nullptr;
    if (into == nullptr) break;
    if (Outcome failure = fill(*into, entry.size)) return failure;
  }
  if (!name.empty()) entry.name = name.c_str(); // up to the NUL at its end
  if (!target.empty()) entry.target = target.c_str();
  if (!applyRecords(entry, records)) return broken("invalid or sparse entry \"" + entry.name + '"');
  if (entry.name.find('\0') != std::string::npos || entry.target.find('\0') != std::string::npos) return broken("a name holds a NUL");
  content_ = entry.type == '0' ? entry.size : 0;
  padding_ = paddingOf(content_);
  return done;
}

Outcome ArchiveReader::read(char* buffer, size_t size, size_t& count) {
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(size, content_));
  if (Outcome failure = readFully(buffer, wanted, count)) return failure;
  if (count < wanted) return broken("unexpected end of the archive");
  content_ -= count;
  return done;
}

Outcome ArchiveReader::drain() {
  std::vector<char> waste(1 << 16);
  for (size_t count = 1; count > 0;) {
    if (Outcome failure = readFully(waste.data(), waste.size(), count)) return failure;
  }
  return done;
}
