#pragma once
#include "failure.h"
#include "fd.h"

/**
 * Copies what is in directory `from` into the empty directory `to`, and its own owner, mode, times and attributes. What is
 * mounted inside `from` is left out: masks hide what must not be copied.
 */
Outcome copyTree(const Fd& from, const Fd& to);
/** Removes everything in a directory, without following links. */
Outcome clearTree(const Fd& directory);
