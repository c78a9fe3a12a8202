#pragma once
#include "buffer.h"

/** A connection with the daemon of our run root, which is started when none answers; -1, and why in `trouble`. */
int connectToDaemon(Buffer& trouble);
