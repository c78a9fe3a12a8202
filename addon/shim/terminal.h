#pragma once
#include <cstdint>

#include "failure.h"
#include "fd.h"

/** Characters a line, and lines; 0 is unknown. */
struct TerminalSize {
  uint16_t width = 0;
  uint16_t height = 0;
};

/**
 * The shim's end of a container's terminal. It holds the other end too: a container that closes every one of its own, and
 * opens one again later, must not find its terminal hung up, and we no end of file in between.
 */
class Terminal {
 public:
  /** Takes the master that takeTerminal() in the container's process has sent, and makes it non-blocking. */
  Outcome receive(const Fd& channel);
  /** Kept until there is a terminal. */
  void resize(TerminalSize size);
  /** A descriptor of its own for whoever reads or writes it. */
  Fd copy() const;

 private:
  Fd master_;
  Fd peer_;
  TerminalSize wanted_;
};
