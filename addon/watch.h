#pragma once

#include <napi.h>

/** Calls `onReadable` as long as `fd` is readable, until the function returned is called. Throws SystemError. */
Napi::Function watch(int fd, Napi::Function onReadable);
