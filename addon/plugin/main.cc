// tnet-plugin: what other runtimes call. Under whatever name, it hands its arguments, environment and input to the daemon,
// prints what that answers and ends with its code: a Node process would take longer to start than the whole job takes.
#include <unistd.h>

#include <cerrno>

#include "call.h"
#include "daemon.h"

namespace {

void print(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

/** `text` as a JSON string. */
Buffer quoted(std::string_view text) {
  Buffer json;
  json.append("\"");
  for (const char& each : text) {
    if (each == '"' || each == '\\') json.append("\\");
    json.append(static_cast<unsigned char>(each) < ' ' ? std::string_view(" ") : std::string_view(&each, 1));
  }
  json.append("\"");
  return json;
}

/** What each caller takes for an error when there is no daemon to say it; 11 is CNI's "try again later". */
int complain(std::string_view name, int argc, std::string_view why) {
  const bool isHook = name == "tnet-oci-hook";
  const bool isNetavark = name == "netavark" || argc > 1;  // its plugins have a verb, CNI's no arguments
  Buffer text;
  text.append(isHook ? "tnet-oci-hook: " : isNetavark ? "{\"error\":" : "{\"cniVersion\":\"1.0.0\",\"code\":11,\"msg\":");
  text.append(why);
  text.append(isHook ? "\n" : "}\n");
  print(isHook ? STDERR_FILENO : STDOUT_FILENO, text.view());
  return 1;
}

std::string_view baseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

int main(int argc, char** argv, char** environment) {
  const std::string_view name = baseName(argc > 0 ? argv[0] : "tnet-plugin");
  Buffer input;
  if (!isatty(STDIN_FILENO)) input.readAll(STDIN_FILENO);
  Buffer trouble;
  const int daemon = connectToDaemon(trouble);
  if (daemon < 0) return complain(name, argc, quoted(trouble.view()).view());
  Buffer reply;
  if (send(daemon, encodeCall(argv, environment, input.view()).view())) reply.readAll(daemon);
  const Answer answer = decodeAnswer(reply.view());
  if (answer.code < 0) return complain(name, argc, answer.output);
  print(STDOUT_FILENO, answer.output);
  print(STDERR_FILENO, answer.errors);
  return answer.code;
}
