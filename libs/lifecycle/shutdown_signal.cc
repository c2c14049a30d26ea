#include "libs/lifecycle/shutdown_signal.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>

namespace lmsmail::lifecycle {
namespace {

sigset_t ShutdownSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void BlockShutdownSignals() {
  const sigset_t signals = ShutdownSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // Writing to a closed connection returns EPIPE instead of killing the process.
  std::signal(SIGPIPE, SIG_IGN);
}

void UnblockShutdownSignals() {
  const sigset_t signals = ShutdownSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

int WaitForShutdownSignal() {
  const sigset_t signals = ShutdownSignals();
  int received = 0;
  while (sigwait(&signals, &received) != 0) {
  }
  return received;
}

void RequestShutdown() {
  // Sent to the process rather than to this thread: it stays pending until sigwait() receives it.
  kill(getpid(), SIGTERM);
}

}  // namespace lmsmail::lifecycle
