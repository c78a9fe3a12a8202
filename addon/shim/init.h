#pragma once

/** A small pid 1 (`--init`): starts `argv`, hands signals on to it, reaps whatever ends, and ends as it does. */
[[noreturn]] void runInit(char** argv);
