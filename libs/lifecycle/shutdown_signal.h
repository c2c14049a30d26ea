#pragma once

// Turns SIGTERM and SIGINT into a return value of the main thread, so that no code runs in a signal
// handler. SIGQUIT still ends the process at once.
namespace lmsmail::lifecycle {

// Blocks SIGTERM and SIGINT and ignores SIGPIPE. Call first in main(): only threads started later
// inherit the mask, and with a single thread that lacks it the signal kills the process.
void BlockShutdownSignals();

// Lets SIGTERM and SIGINT end the process at once, for work that needs no clean end.
void UnblockShutdownSignals();

// Waits for SIGTERM, SIGINT or RequestShutdown(), and returns the signal's number.
int WaitForShutdownSignal();

// Makes WaitForShutdownSignal() return SIGTERM, now or when it is called next. Callable on any
// thread, after BlockShutdownSignals().
void RequestShutdown();

}  // namespace lmsmail::lifecycle
