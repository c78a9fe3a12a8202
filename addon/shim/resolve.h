#pragma once
#include "fd.h"

enum class Kind { Directory, File };
enum class Links {
  /** Symbolic links are followed as the container would follow them: `..` and absolute ones stop at the root. */
  Inside,
  /** Any symbolic link is ELOOP. */
  Refused,
};

/** Opens an existing path below `root` with openat2(2). errno on failure. */
Fd openInside(int root, const char* path, Links links, int flags);
/** An O_PATH descriptor of `path` below `root`; what is missing is made, component by component. errno on failure. */
Fd makeInside(int root, const char* path, Kind kind, Links links);
bool isDirectory(const Fd& fd);
