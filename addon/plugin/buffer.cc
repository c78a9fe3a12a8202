#include "buffer.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

char* Buffer::reserve(size_t more) {
  if (size_ + more > room_) {
    room_ = (size_ + more) * 2;
    data_ = static_cast<char*>(realloc(data_, room_));
    if (data_ == nullptr) abort();
  }
  return data_ + size_;
}

void Buffer::append(std::string_view bytes) {
  memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
  size_ += bytes.size();
}

void Buffer::appendField(std::string_view text) {
  append(text);
  append(std::string_view("", 1));
}

bool Buffer::readAll(int fd) {
  for (;;) {
    constexpr size_t piece = 16384;
    const ssize_t count = read(fd, reserve(piece), piece);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0;
    size_ += static_cast<size_t>(count);
  }
}

const char* Buffer::text() {
  *reserve(1) = '\0';
  return data_;
}
