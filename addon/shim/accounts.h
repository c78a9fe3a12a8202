#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure.h"

/** Who a process is to be, by the container's own /etc/passwd and /etc/group. */
struct Identity {
  uint32_t uid = 0;
  uint32_t gid = 0;
  /** The primary one first: a file that its group may less than others must not be read by leaving the group out. */
  std::vector<uint32_t> groups;
  std::string home = "/";
};

/** 0 to 2^31 - 1 in decimal, and nothing else. */
std::optional<uint32_t> parseId(std::string_view text);

/**
 * `spec` is Docker's `[user][:group]`, names or numbers; `more` are groups besides. A number need not be listed, a name
 * must. Lines that are malformed are passed over: an empty or torn number is never 0.
 */
Outcome findIdentity(std::string_view passwd, std::string_view group, std::string_view spec, const std::vector<char*>& more,
                     Identity& identity);
