#pragma once
#include "buffer.h"

/** What the daemon is asked: our name and arguments, environment and input. As HTTP, for its one socket (src/daemon/plugins/wire.ts). */
Buffer encodeCall(char** argv, char** environment, std::string_view input);
/** False when the connection broke. */
bool send(int fd, std::string_view bytes);
/** What the daemon answered; `code` is -1 when it refused, and `output` its words in JSON. */
struct Answer {
  int code = -1;
  std::string_view output;
  std::string_view errors;
};
Answer decodeAnswer(std::string_view bytes);
