#pragma once
#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>

/** Since some moment; no clock that is set moves it. */
inline int64_t monotonicUs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

inline int64_t monotonicMs() { return monotonicUs() / 1000; }

/** RFC 3339 in UTC with nanoseconds. Not by gmtime(3), which reads the machine's time zone file. */
inline std::string timeNow() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const std::chrono::sys_seconds seconds{std::chrono::seconds(now.tv_sec)};
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(seconds - day);
  char text[64];
  const int length = snprintf(text, sizeof text, "%04d-%02u-%02uT%02ld:%02ld:%02ld.%09ldZ", static_cast<int>(date.year()),
                              static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                              time.minutes().count(), time.seconds().count(), now.tv_nsec);
  return std::string(text, static_cast<size_t>(length));
}
