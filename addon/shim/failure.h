#pragma once
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

/** A call that failed; `detail` is the kernel's own sentence where the call has one. */
struct Failure {
  const char* call;
  int error;
  std::string path;
  std::string detail;
};

/** Nothing, or why it failed. */
struct [[nodiscard]] Outcome : std::optional<Failure> {
  using std::optional<Failure>::optional;
};

inline constexpr std::nullopt_t done = std::nullopt;

inline Outcome refused(int error, const char* call, std::string_view path = {}) {
  return Failure{call, error, std::string(path), {}};
}

inline Outcome failed(const char* call, std::string_view path = {}) { return refused(errno, call, path); }
