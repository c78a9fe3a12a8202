#pragma once
#include <cstdint>
#include <optional>

#include "failure.h"
#include "fd.h"

/** Mounts that hang nowhere yet, made with the API of Linux 5.2: a descriptor in place of a path, at both ends. */

/** `ro,nosuid,nodev,noexec` or fewer, as MOUNT_ATTR_…; nothing when a word is unknown. */
std::optional<uint64_t> parseAttributes(const char* words);
/** A new file system of `type`; `options` as in mount(8). */
Outcome newFilesystem(const char* type, const char* options, uint64_t attributes, Fd& tree);
/** A copy of the mount that `source` (O_PATH) is on, from there downwards, with all that is mounted below, private. */
Outcome cloneTree(const Fd& source, Fd& tree);
/** Sets and clears MOUNT_ATTR_… on `tree` and everything below it. */
Outcome changeAttributes(const Fd& tree, uint64_t set, uint64_t clear = 0);
/** Hangs `tree` over `target` (O_PATH). */
Outcome hang(const Fd& tree, const Fd& target);

/** A file system context (fsopen). Its options go in one by one; its log has the reason of a refusal. */
class FilesystemContext {
 public:
  explicit FilesystemContext(const char* type);
  Outcome set(const char* key, const char* value);
  /** `a=1,b`, each set. */
  Outcome setAll(const char* options);
  Outcome create(uint64_t attributes, Fd& tree);

 private:
  Outcome failedWithReason(const char* call, const char* path) const;
  const char* type_;
  Fd fd_;
};
