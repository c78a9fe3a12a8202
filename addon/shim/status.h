#pragma once
#include <cstddef>
#include <string>

#include "failure.h"

/** One JSON object a line for the process that started the shim. Written whole or, when nobody reads any more, lost. */
void writeLine(int fd, const std::string& line);
/** `{"error":{"op":3,"call":"mount","errno":2,"name":"ENOENT","text":"No such file or directory","path":"…"}}` */
std::string errorLine(size_t op, const Failure& failure);
