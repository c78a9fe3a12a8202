#pragma once
#include "container.h"
#include "program.h"
#include "shim.h"
#include "words.h"

/** Done by the shim itself, before there is a container. */
inline constexpr OpOf<Shim> shimOps[] = {
    {{"socket", 1, 1}, listenOn},
    {{"log", 3, 3}, openLog},
    {{"record", 1, 1}, openRecord},
    {{"stdin", 0, 0}, keepStdin},
    {{"terminal", 0, 0}, giveTerminal},
    {{"drain", 1, 1}, keepDraining},
    {{"cgroup", 1, 1}, openCgroup},
    {{"join", 2, 2}, joinContainer},
    {{"endall", 1, 1}, endAll},
    {{"clone", 0, anyNumber}, chooseNamespaces},
};

/** Done by the container's first process, after the gate. */
inline constexpr OpOf<Container> containerOps[] = {
    {{"setns", 2, 2}, joinNamespace},
    {{"enter", 1, anyNumber}, enterNamespaces},
    {{"unshare", 1, 1}, unshareNamespace},
    {{"enteruser", 0, 0}, enterUserNamespace},
    {{"userns", 1, 1}, holdUserNamespace},
    {{"makeas", 2, 2}, makeAs},
    {{"makeasroot", 0, 0}, makeAsRoot},
    {{"idmap", 2, 2}, mapTree},
    {{"root", 0, 0}, becomeRoot},
    {{"source", 3, 3}, openSource},
    {{"slave", 1, 1}, makeSlave},
    {{"overlay", 6, anyNumber}, mountOverlay},
    {{"rootdir", 4, 4}, mountDirectory},
    {{"mount", 4, 4}, mountFilesystem},
    {{"device", 3, 3}, bindDevice},
    {{"bindnode", 5, 5}, bindNode},
    {{"symlink", 2, 2}, makeSymlink},
    {{"node", 7, 7}, makeNode},
    {{"bind", 3, 3}, bindPath},
    {{"populate", 3, 3}, populateVolume},
    {{"attach", 5, 5}, attachSource},
    {{"tmpfs", 3, 3}, mountTmpfs},
    {{"hide", 1, 1}, maskPath},
    {{"mask", 1, 1}, maskPath},
    {{"readonly", 1, 1}, makeReadonly},
    {{"pivot", 0, 0}, pivotRoot},
    {{"hostname", 1, 1}, setHostname},
    {{"keyring", 0, 0}, joinNewKeyring},
    {{"umask", 1, 1}, setUmask},
    {{"null", 0, 0}, nullStdin},
    {{"tty", 2, 2}, takeTerminal},
    {{"console", 0, 0}, bindConsole},
    {{"cwd", 1, 1}, enterCwd},
    {{"directory", 1, 1}, enterDirectory},
    {{"seal", 0, 0}, sealRoot},
    {{"cloexec", 0, 0}, closeOnExec},
    {{"sysctl", 2, 2}, writeSysctl},
    {{"oomscore", 1, 1}, adjustOomScore},
    {{"rlimit", 3, 3}, limitResource},
    {{"bounding", 1, 1}, limitBounding},
    {{"user", 1, anyNumber}, becomeUser},
    {{"seccomp", 1, 1}, loadSeccomp},
    {{"capabilities", 1, 1}, limitCapabilities},
    {{"nnp", 0, 0}, setNoNewPrivileges},
    {{"env", 0, anyNumber}, setEnvironment},
    {{"exec", 1, anyNumber}, executeCommand},
};
