#pragma once
#include "launch.h"
#include "program.h"
#include "shim.h"

/** From the gate to the exit of the container. Tells on `status` whether it started. Returns when nothing is left to do, false if it did not start. */
bool supervise(const Program& program, Shim& shim, Child child, Fd status);
