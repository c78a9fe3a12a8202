#include "program.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "ops.h"

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

Outcome wrong(std::string_view what, std::string_view name) {
  return refused(EINVAL, "program", std::string(what) + " \"" + std::string(name) + '"');
}

template <typename Ops>
Outcome checkOp(const Ops& words, const Op& op) {
  const auto word = std::ranges::find(words, op.name, [](const auto& known) { return known.word.name; });
  if (word == std::end(words)) return wrong("unknown op", op.name);
  const size_t count = op.args.size();
  if (count < word->word.least || count > word->word.most) return wrong("wrong number of arguments for", op.name);
  return done;
}

}  // namespace

Refusal readProgram(int fd, Program& program) {
  if (Outcome failure = readAll(fd, program.bytes)) return {0, failure};
  for (size_t at = 0; at < program.bytes.size();) {
    Op op;
    const char* name = takeField(program.bytes, at);
    if (name == nullptr || !takeArgs(program, at, op.args)) return {program.ops.size(), wrong("torn op", name ? name : "")};
    op.name = name;
    program.ops.push_back(std::move(op));
  }
  return {};
}

Refusal checkProgram(Program& program) {
  const auto clone = std::ranges::find(program.ops, "clone", &Op::name);
  program.clone = static_cast<size_t>(clone - program.ops.begin());
  for (size_t i = 0; i < program.ops.size(); i++) {
    const Op& op = program.ops[i];
    const bool last = i + 1 == program.ops.size();
    if (Outcome failure = i <= program.clone ? checkOp(shimOps, op) : checkOp(containerOps, op)) return {i, failure};
    if ((op.name == "exec") != last) return {i, wrong("exec is not the last op but", op.name)};
  }
  if (program.ops.empty() || clone == program.ops.end()) return {0, wrong("missing op", "clone")};
  return {};
}
