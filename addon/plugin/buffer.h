#pragma once
#include <cstddef>
#include <string_view>

/** Bytes that grow. Not std::string: with it a static executable is a quarter larger. Never freed: the process is about to end. */
class Buffer {
 public:
  void append(std::string_view bytes);
  /** With the NUL that ends it. */
  void appendField(std::string_view text);
  /** What can be read from `fd` until its end; false with errno. */
  bool readAll(int fd);
  std::string_view view() const { return {data_, size_}; }
  /** With a NUL behind it. */
  const char* text();

 private:
  char* reserve(size_t more);

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t room_ = 0;
};
