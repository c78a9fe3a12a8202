#pragma once
#include "../shim/container.h"

/** Where answers go: one line of JSON, the same place as failures. */
inline constexpr int statusFd = 4;

/** Opened before anything of the container is entered: its own /proc, if it has one, is not to be asked. */
inline int hostProc = -1;

/** A path of the container, as Docker's archive API takes it: links on the way are followed, the last name is not. */
struct Place {
  /** The directory that holds it; of `/` and of `x/.` the thing itself. */
  Fd parent;
  /** "." for the directory itself. */
  std::string base;
};

/** errno on failure. */
bool locate(const Container& container, std::string_view path, Place& place);
/** The path of an open file inside the container's root, '' when it has none. */
std::string pathOf(const Fd& fd);

// place.cc
Outcome enterRoot(Container&, const Args& path);
Outcome tellStatus(Container&, const Args& path);
// pack.cc
Outcome packTree(Container&, const Args& pathAndName);
// unpack.cc
Outcome unpackArchive(Container&, const Args& directoryOwnerMode);
// changes.cc
Outcome listChanges(Container&, const Args& upperAndLower);
