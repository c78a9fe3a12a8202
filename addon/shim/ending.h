#pragma once
#include "failure.h"
#include "fd.h"

/** Ends a whole cgroup: where the first process is no pid 1, its death ends no other one. */
class Ending {
 public:
  /** Takes the files of the cgroup `dir`. A kernel without cgroup.kill (Linux 5.14) leaves it to the daemon's clean-up. */
  Outcome open(const char* dir);
  /** Kills everything in it, and waits until nothing is left alive, 2 s at most: what cannot be killed cannot be waited for. */
  void run() const;

 private:
  bool isPopulated() const;
  Fd kill_;
  Fd events_;
};
