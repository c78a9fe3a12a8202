#pragma once
#include "failure.h"
#include "fd.h"

/** Sends `fd` with one byte over a unix socket, by SCM_RIGHTS. */
Outcome sendFd(const Fd& socket, const Fd& fd);
/** Receives one, closed at exec. Empty with errno when none has come. */
Fd receiveFd(const Fd& socket);
