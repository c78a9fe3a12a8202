#pragma once
#include <sched.h>

#include <cstdint>
#include <string_view>

/** CLONE_NEW… of `pid mnt uts ipc net cgroup`, the names in /proc/<pid>/ns; 0 for any other. */
constexpr uint64_t namespaceFlag(std::string_view kind) {
  if (kind == "pid") return CLONE_NEWPID;
  if (kind == "mnt") return CLONE_NEWNS;
  if (kind == "uts") return CLONE_NEWUTS;
  if (kind == "ipc") return CLONE_NEWIPC;
  if (kind == "net") return CLONE_NEWNET;
  return kind == "cgroup" ? CLONE_NEWCGROUP : 0;
}
