#pragma once
#include <cstdint>
#include <string>

#include "ending.h"
#include "failure.h"
#include "fd.h"
#include "log.h"
#include "program.h"

/** A unix socket that is gone from the file system when its owner is. */
struct Listener {
  Fd fd;
  std::string path;

  Listener() = default;
  Listener(Listener&&) = delete;
  ~Listener() { close(); }
  void removePath() {
    if (!path.empty()) unlink(std::exchange(path, {}).c_str());
  }
  void close() {
    removePath();
    fd.reset();
  }
};

/**
 * The exit record. Its file exists from the start, under another name and at full length: when the container has filled the
 * disk, there is still room for its exit code.
 */
class Record {
 public:
  Record() = default;
  Record(Record&&) = delete;
  ~Record();
  Outcome open(const char* path);
  /** Writes `json`, and gives the file its name: a reader sees the whole record or none. */
  void publish(std::string json);

 private:
  std::string path_;
  std::string temporary_;
  Fd file_;
};

/** What the shim has and knows before the container exists. */
struct Shim {
  Listener listener;
  Log log;
  Record record;
  bool stdinWanted = false;
  /** A terminal in place of pipes. */
  bool terminalWanted = false;
  /** No pipes for output: nobody will hear it. */
  bool silent = false;
  /** pidfd of the first process of the container to enter; empty for a new one. */
  Fd target;
  Fd cgroup;
  Ending ending;
  /** How long output may still come from who is left, when the first process has ended; 0: nobody is left. */
  int drainMs = 0;
  /** CLONE_NEW… */
  uint64_t namespaces = 0;
};

// shim-ops.cc
Outcome listenOn(Shim&, const Args& path);
Outcome openLog(Shim&, const Args& pathMaxBytesMaxFiles);
Outcome openRecord(Shim&, const Args& path);
Outcome keepStdin(Shim&, const Args&);
Outcome giveTerminal(Shim&, const Args&);
Outcome keepSilent(Shim&, const Args&);
Outcome openCgroup(Shim&, const Args& path);
Outcome keepDraining(Shim&, const Args& ms);
Outcome chooseNamespaces(Shim&, const Args& kinds);

// join.cc
Outcome joinContainer(Shim&, const Args& socketAndKind);

// ending.cc
Outcome endAll(Shim&, const Args& cgroupDir);
