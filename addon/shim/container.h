#pragma once
#include <string>
#include <vector>

#include "failure.h"
#include "fd.h"
#include "program.h"

/** The container's first process while it places itself. */
struct Container {
  /** Root of its file system; everything inside is found from here, never by a path of the host. */
  Fd root;
  /** Trees of the host that are not hung anywhere yet: what `source` opened, in its order. */
  std::vector<Fd> sources;
  /** Empty: the machine's. */
  Fd userns;
  /** The read-only empty directory that hides masked ones; made for the first of them. */
  Fd empty;
  std::vector<char*> environment;
  /** `HOME=…` by the container's passwd; the environment may point at it. */
  std::string home;
  /** A procfs that hangs nowhere, for what is written into it; made for the first of them. */
  Fd proc;
  /** To the shim: closes itself at exec. */
  Fd progress;
  /** A socket to the shim, for the master of the terminal; empty without one. */
  Fd terminal;
  /** pidfd of the first process of the container to enter; empty for a new one. */
  Fd target;
};

/** Written to `progress` right before exec, so that a death before it is not taken for a start. */
inline constexpr char aboutToExec[] = "exec\n";

// namespaces.cc
Outcome joinNamespace(Container&, const Args& kindAndPath);
Outcome unshareNamespace(Container&, const Args& kind);
Outcome setHostname(Container&, const Args& name);
Outcome joinNewKeyring(Container&, const Args&);

// enter.cc
Outcome enterNamespaces(Container&, const Args& kinds);

// user-namespace.cc
Outcome holdUserNamespace(Container&, const Args& netns);
Outcome makeAs(Container&, const Args& uidAndGid);
Outcome makeAsRoot(Container&, const Args&);
Outcome mapTree(Container&, const Args& sourceAndTarget);
Outcome becomeRoot(Container&, const Args&);
Outcome joinUserNamespace(Container&, const Args& path);
Outcome enterUserNamespace(Container&, const Args&);

// rootfs.cc
Outcome makeSlave(Container&, const Args& path);
Outcome mountOverlay(Container&, const Args& targetAttributesOptionsUpperWorkLower);
Outcome mountDirectory(Container&, const Args& targetAttributesSourceIds);
Outcome pivotRoot(Container&, const Args&);

// mounts.cc
Outcome mountFilesystem(Container&, const Args& typeTargetAttributesOptions);
Outcome bindPath(Container&, const Args& sourceTargetAttributes);
Outcome bindDevice(Container&, const Args& pathMajorMinor);
Outcome bindNode(Container&, const Args& sourceTargetTypeMajorMinor);
Outcome makeSymlink(Container&, const Args& textAndPath);
Outcome maskPath(Container&, const Args& path);
Outcome makeReadonly(Container&, const Args& path);

// node.cc
Outcome makeNode(Container&, const Args& pathTypeMajorMinorModeUidGid);
Outcome sealRoot(Container&, const Args&);

// sources.cc
Outcome openSource(Container&, const Args& pathSubpathExtent);
Outcome attachSource(Container&, const Args& indexTargetAttributesTopPropagation);
Outcome mountTmpfs(Container&, const Args& targetAttributesOptions);

// populate.cc
Outcome populateVolume(Container&, const Args& indexDirectoryTarget);

// process.cc
Outcome setUmask(Container&, const Args& octal);
Outcome nullStreams(Container&, const Args& fds);
Outcome enterCwd(Container&, const Args& path);
Outcome enterDirectory(Container&, const Args& path);
Outcome closeOnExec(Container&, const Args&);
Outcome limitBounding(Container&, const Args& hexMask);
Outcome limitCapabilities(Container&, const Args& hexMask);
Outcome setNoNewPrivileges(Container&, const Args&);
Outcome setEnvironment(Container&, const Args& variables);

// settings.cc
Outcome writeSysctl(Container&, const Args& pathValue);
Outcome adjustOomScore(Container&, const Args& score);
Outcome limitResource(Container&, const Args& numberSoftHard);

// identity.cc
Outcome becomeUser(Container&, const Args& specAndGroups);

// seccomp.cc
Outcome loadSeccomp(Container&, const Args& hexFilter);

// terminal.cc
Outcome takeTerminal(Container&, const Args& widthAndHeight);
Outcome bindConsole(Container&, const Args&);

// exec.cc
Outcome executeCommand(Container&, const Args& command);
