#pragma once
#include <string>
#include <string_view>

#include "fd.h"

/** The container's stdin: what its pipe does not take yet waits here. */
class Input {
 public:
  /** An empty descriptor drops everything: stdin is /dev/null. */
  explicit Input(Fd pipe) : pipe_(std::move(pipe)) {}
  void write(std::string_view data);
  /** Closes it after all that was written. */
  void end();
  /** Drops everything, now and later. */
  void close();
  /** Goes on when the pipe takes more; forgets everything when nobody reads it any more. */
  void flush();
  bool isFull() const { return waiting_.size() >= 65536; }
  /** The descriptor to wait for, -1 when nothing waits. */
  int waitsFor() const { return waiting_.empty() ? -1 : pipe_.get(); }

 private:
  void closeWhenEmpty();
  Fd pipe_;
  std::string waiting_;
  bool ended_ = false;
};
