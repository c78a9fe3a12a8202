#pragma once
#include "failure.h"
#include "fd.h"
#include "program.h"
#include "shim.h"

/** The shim's ends of what connects it with a container that was just made and waits at the gate. */
struct Child {
  pid_t pid = 0;
  /** When it was about to be cloned, by monotonicUs(). */
  int64_t clonedUs = 0;
  Fd pidfd;
  /** Ends at exec: `exec\n` before it; or a line of JSON that tells what failed. */
  Fd progress;
  /** Empty when the program keeps no stdin. */
  Fd input;
  Fd output;
  Fd error;
  /** Where the master of the terminal comes from; empty without one. */
  Fd terminal;
};

/** Makes the container's process. In it, carries out the program's second half and never returns. */
Outcome makeChild(const Program& program, const Shim& shim, int gate, Child& child);
