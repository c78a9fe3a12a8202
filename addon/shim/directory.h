#pragma once
#include <string>
#include <vector>

#include "failure.h"
#include "fd.h"

/** The names in a directory, without `.` and `..`, sorted. */
Outcome listNames(const Fd& directory, std::vector<std::string>& names);
/** A directory or file below `parent`, never through a link. errno on failure. */
Fd openBelow(const Fd& parent, const char* name, int flags);
