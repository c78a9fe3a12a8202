// What the verbs of tnet-lab share.
#pragma once

/** As a shell and the shim: 125 ours, 126 not executable, 127 not found. */
inline constexpr int failed = 125;

/** Says `CALL "OBJECT": errno` and ends. */
[[noreturn]] void fail(const char* call, const char* object);
/** The same when a system call's result is negative. */
int check(int result, const char* call, const char* object);

/** All namespaces of the lab that PID holds, and the network namespace of a node where it is not ''. Children are in its PID namespace, we are not. */
void enterLab(const char* pid, const char* node, const char* cwd);

/** `relay PID NODE LINK TAP FILE`: see relay.cc. */
int relay(char** arguments);
