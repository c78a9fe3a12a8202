#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>

#include "native.h"

static int bpf(bpf_cmd command, bpf_attr& attributes) {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

static int loadProgram(std::span<const uint8_t> instructions) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = reinterpret_cast<uint64_t>(instructions.data());
  attributes.insn_cnt = static_cast<uint32_t>(instructions.size() / sizeof(bpf_insn));
  attributes.license = reinterpret_cast<uint64_t>("Proprietary");  // it calls no function of the kernel
  return check("bpf(BPF_PROG_LOAD)", bpf(BPF_PROG_LOAD, attributes));
}

/** ALLOW_MULTI: those of the cgroups above decide too, and who delegates one to the container may add his own. */
void attachDeviceFilter(const std::string& cgroup, std::span<const uint8_t> instructions) {
  const Fd directory(check("open", open(cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  const Fd program(loadProgram(instructions));
  bpf_attr attributes{};
  attributes.target_fd = static_cast<uint32_t>(directory.get());
  attributes.attach_bpf_fd = static_cast<uint32_t>(program.get());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  check("bpf(BPF_PROG_ATTACH)", bpf(BPF_PROG_ATTACH, attributes));
}
