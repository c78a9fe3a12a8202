#pragma once
#include <algorithm>

#include "program.h"

/** A word of the program and what it does. */
template <typename Actor>
struct OpOf {
  Word word;
  Outcome (*run)(Actor&, const Args&);
};

Outcome wrongProgram(std::string_view what, std::string_view name);

template <typename Ops>
Outcome checkOp(const Ops& words, const Op& op) {
  const auto word = std::ranges::find(words, op.name, [](const auto& known) { return known.word.name; });
  if (word == std::end(words)) return wrongProgram("unknown op", op.name);
  const size_t count = op.args.size();
  if (count < word->word.least || count > word->word.most) return wrongProgram("wrong number of arguments for", op.name);
  return done;
}
