#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <string_view>
#include <vector>

#include "container.h"

namespace {

/** In hex, since an argument of a program ends at its first NUL. False when it is not that of whole instructions. */
bool decodeHex(std::string_view hex, std::vector<sock_filter>& filter) {
  if (hex.empty() || hex.size() % (2 * sizeof(sock_filter)) != 0) return false;
  filter.resize(hex.size() / (2 * sizeof(sock_filter)));
  auto* byte = reinterpret_cast<unsigned char*>(filter.data());
  for (size_t at = 0; at < hex.size(); at += 2) {
    const auto [end, error] = std::from_chars(hex.data() + at, hex.data() + at + 2, *byte++, 16);
    if (error != std::errc() || end != hex.data() + at + 2) return false;
  }
  return true;
}

}  // namespace

/** Without no_new_privs it takes CAP_SYS_ADMIN: else it could be put over a setuid program. */
Outcome loadSeccomp(Container&, const Args& args) {
  std::vector<sock_filter> filter;
  if (!decodeHex(args[0], filter)) return refused(EINVAL, "seccomp");
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) return failed("seccomp");
  return done;
}
