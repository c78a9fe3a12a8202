#include <unistd.h>

#include <charconv>
#include <utility>

#include "words.h"

namespace {

Outcome readAll(int fd, std::string& bytes) {
  char chunk[16384];
  for (;;) {
    const ssize_t count = read(fd, chunk, sizeof chunk);
    if (count < 0) return failed("read", "program");
    if (count == 0) return done;
    bytes.append(chunk, static_cast<size_t>(count));
  }
}

/** The next NUL-ended field, null at the end. A last field without its NUL is none. */
char* takeField(std::string& bytes, size_t& at) {
  const size_t end = bytes.find('\0', at);
  if (end == std::string::npos) return nullptr;
  return bytes.data() + std::exchange(at, end + 1);
}

bool takeArgs(Program& program, size_t& at, Args& args) {
  const char* field = takeField(program.bytes, at);
  if (field == nullptr) return false;
  size_t count = 0;
  const std::string_view digits(field);
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), count);
  if (error != std::errc() || end != digits.end()) return false;
  while (count-- > 0) {
    char* arg = takeField(program.bytes, at);
    if (arg == nullptr) return false;
    args.push_back(arg);
  }
  return true;
}

}  // namespace

Outcome wrongProgram(std::string_view what, std::string_view name) {
  return refused(EINVAL, "program", std::string(what) + " \"" + std::string(name) + '"');
}

Refusal readProgram(int fd, Program& program) {
  if (Outcome failure = readAll(fd, program.bytes)) return {0, failure};
  for (size_t at = 0; at < program.bytes.size();) {
    Op op;
    const char* name = takeField(program.bytes, at);
    if (name == nullptr || !takeArgs(program, at, op.args)) return {program.ops.size(), wrongProgram("torn op", name ? name : "")};
    op.name = name;
    program.ops.push_back(std::move(op));
  }
  return {};
}
