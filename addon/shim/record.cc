#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "shim.h"

namespace {

/** More than any record; JSON takes the spaces that are left. */
constexpr size_t recordBytes = 128;

bool writeWhole(const Fd& file, std::string text) {
  text.resize(recordBytes, ' ');
  return pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

}  // namespace

Record::~Record() {
  if (file_) unlink(temporary_.c_str());
}

Outcome Record::open(const char* path) {
  path_ = path;
  temporary_ = path_ + ".tmp";
  file_ = Fd(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file_) return failed("open", temporary_);
  if (!writeWhole(file_, "")) return failed("write", temporary_);
  return done;
}

void Record::publish(std::string json) {
  if (!writeWhole(file_, std::move(json)) || fsync(file_.get()) < 0) return;
  if (rename(temporary_.c_str(), path_.c_str()) == 0) file_.reset();
}
