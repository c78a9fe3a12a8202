#include "status.h"

#include <unistd.h>

#include <cstring>

#include "json.h"

namespace {

void appendMember(std::string& json, const char* key, std::string_view value) {
  ((json += ",\"") += key) += "\":\"";
  appendEscaped(json, value);
  json += '"';
}

}  // namespace

void writeLine(int fd, const std::string& line) {
  for (size_t at = 0; at < line.size();) {
    const ssize_t count = write(fd, line.data() + at, line.size() - at);
    if (count <= 0) return;
    at += static_cast<size_t>(count);
  }
}

std::string errorLine(size_t op, const Failure& failure) {
  std::string json = "{\"error\":{\"op\":" + std::to_string(op) + ",\"errno\":" + std::to_string(failure.error);
  const char* name = strerrorname_np(failure.error);
  const char* text = strerrordesc_np(failure.error);
  appendMember(json, "call", failure.call);
  appendMember(json, "name", failure.error == 0 || name == nullptr ? "" : name);
  appendMember(json, "text", failure.error == 0 || text == nullptr ? "" : text);
  appendMember(json, "path", failure.path);
  if (!failure.detail.empty()) appendMember(json, "detail", failure.detail);
  return json + "}}\n";
}
