#include "stdin.h"

#include <cerrno>

void Input::write(std::string_view data) {
  if (!pipe_ || ended_) return;
  waiting_ += data;
  flush();
}

void Input::end() {
  ended_ = true;
  closeWhenEmpty();
}

void Input::flush() {
  while (pipe_ && !waiting_.empty()) {
    const ssize_t count = ::write(pipe_.get(), waiting_.data(), waiting_.size());
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) close();
    else waiting_.erase(0, static_cast<size_t>(count));
  }
  closeWhenEmpty();
}

void Input::close() {
  waiting_.clear();
  pipe_.reset();
}

void Input::closeWhenEmpty() {
  if (ended_ && waiting_.empty()) pipe_.reset();
}
