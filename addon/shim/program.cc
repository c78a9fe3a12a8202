#include "program.h"

#include "ops.h"

Refusal checkProgram(Program& program) {
  const auto clone = std::ranges::find(program.ops, "clone", &Op::name);
  program.clone = static_cast<size_t>(clone - program.ops.begin());
  for (size_t i = 0; i < program.ops.size(); i++) {
    const Op& op = program.ops[i];
    const bool last = i + 1 == program.ops.size();
    if (Outcome failure = i <= program.clone ? checkOp(shimOps, op) : checkOp(containerOps, op)) return {i, failure};
    if ((op.name == "exec") != last) return {i, wrongProgram("exec is not the last op but", op.name)};
  }
  if (program.ops.empty() || clone == program.ops.end()) return {0, wrongProgram("missing op", "clone")};
  return {};
}
