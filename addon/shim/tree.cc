#include "tree.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <string>

namespace {

/** Calls `use` with each comma-separated word; stops where it fails. */
template <typename Use>
Outcome forEachWord(std::string_view words, Use use) {
  while (!words.empty()) {
    const size_t comma = words.find(',');
    if (Outcome failure = use(std::string(words.substr(0, comma)))) return failure;
    words.remove_prefix(comma == std::string_view::npos ? words.size() : comma + 1);
  }
  return done;
}

uint64_t attribute(std::string_view word) {
  if (word == "ro") return MOUNT_ATTR_RDONLY;
  if (word == "nosuid") return MOUNT_ATTR_NOSUID;
  if (word == "nodev") return MOUNT_ATTR_NODEV;
  return word == "noexec" ? MOUNT_ATTR_NOEXEC : 0;
}

}  // namespace

std::optional<uint64_t> parseAttributes(const char* words) {
  uint64_t all = 0;
  const Outcome unknown = forEachWord(words, [&](const std::string& word) -> Outcome {
    all |= attribute(word);
    return attribute(word) == 0 ? refused(EINVAL, "mount", word) : done;
  });
  return unknown ? std::nullopt : std::optional(all);
}

FilesystemContext::FilesystemContext(const char* type) : type_(type), fd_(fsopen(type, FSOPEN_CLOEXEC)) {}

Outcome FilesystemContext::failedWithReason(const char* call, const char* path) const {
  Outcome failure = failed(call, path);
  char message[512];
  const ssize_t length = read(fd_.get(), message, sizeof message); // "e overlay: …", one message a read
  if (length > 2) failure->detail.assign(message + 2, static_cast<size_t>(length - 2));
  return failure;
}

Outcome FilesystemContext::set(const char* key, const char* value) {
  if (!fd_) return failed("fsopen", type_);
  const unsigned kind = value == nullptr ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
  if (fsconfig(fd_.get(), kind, key, value, 0) < 0) return failedWithReason("fsconfig", value == nullptr ? key : value);
  return done;
}

Outcome FilesystemContext::setAll(const char* options) {
  return forEachWord(options, [this](std::string option) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos) return set(option.c_str(), nullptr);
    option[equals] = '\0';
    return set(option.c_str(), option.c_str() + equals + 1);
  });
}

Outcome FilesystemContext::create(uint64_t attributes, Fd& tree) {
  if (fsconfig(fd_.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) return failedWithReason("fsconfig", type_);
  tree = Fd(fsmount(fd_.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
  if (!tree) return failedWithReason("fsmount", type_);
  return done;
}

Outcome newFilesystem(const char* type, const char* options, uint64_t attributes, Fd& tree) {
  FilesystemContext context(type);
  if (Outcome failure = context.set("source", type)) return failure;
  if (Outcome failure = context.setAll(options)) return failure;
  return context.create(attributes, tree);
}

Outcome cloneTree(const Fd& source, Fd& tree) {
  constexpr unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE;
  tree = Fd(open_tree(source.get(), "", flags));
  if (!tree) return failed("open_tree");
  mount_attr attributes{};
  attributes.propagation = MS_PRIVATE;
  if (mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) < 0) return failed("mount_setattr");
  return done;
}

Outcome changeAttributes(const Fd& tree, uint64_t set, uint64_t clear) {
  mount_attr attributes{};
  attributes.attr_set = set;
  attributes.attr_clr = clear;
  if (mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) < 0) return failed("mount_setattr");
  return done;
}

Outcome hang(const Fd& tree, const Fd& target) {
  constexpr unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  if (move_mount(tree.get(), "", target.get(), "", flags) < 0) return failed("move_mount");
  return done;
}
