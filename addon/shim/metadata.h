#pragma once
#include <sys/stat.h>

#include "failure.h"
#include "fd.h"

/** Extended attributes of the file behind `from`, but for overlayfs's own; those that `to` cannot hold are left out. */
Outcome copyAttributes(const Fd& from, const Fd& to);
/** Owner, then mode (a change of owner takes setuid away), then times. Of a file or directory, never a link. */
Outcome applyStatus(const Fd& fd, const struct stat& status);
/** Everything that `from` has from its place to its end. */
Outcome copyContent(const Fd& from, const Fd& to);
