#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "failure.h"

using Args = std::vector<char*>;

struct Op {
  std::string_view name;
  Args args;
};

/** What a word of a program needs: how many arguments. */
struct Word {
  std::string_view name;
  size_t least;
  size_t most;
};

/** Any number of arguments. */
inline constexpr size_t anyNumber = static_cast<size_t>(-1);

/** The steps of one container. `ops` points into `bytes`. */
struct Program {
  std::string bytes;
  std::vector<Op> ops;
  /** Index of the op `clone`: up to it the shim acts, after it the container's process. */
  size_t clone = 0;
};

/** Where and why a program was refused. */
struct Refusal {
  size_t op = 0;
  Outcome why;
};

/** Reads to the end of `fd` and cuts it into ops: `name\0argc\0arg\0…`. */
Refusal readProgram(int fd, Program& program);
/** Refuses an unknown word, a wrong number of arguments, a wrong place; before the first op runs. */
Refusal checkProgram(Program& program);
