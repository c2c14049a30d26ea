// lmsmail-bounce gives a message that came back for a mail to the gateway. A mail server runs it,
// for example Postfix by pipe(8), with the message on standard input.
//
// Exit codes are those of sysexits.h: 0 when the gateway has the message or can never use it,
// EX_TEMPFAIL for everything else, also for a wrong configuration, so that the mail server keeps
// the message and tries again: at any other code it would drop it.

#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "services/gateway/bounce_filter/invocation.h"
#include "services/gateway/bounce_filter/submission.h"

int main(int argc, char** argv) {
  using namespace lmsmail::bounce_filter;  // NOLINT: a program of its own
  const auto fail = [](const absl::Status& status) {
    fmt::print(stderr, "lmsmail-bounce: {}\n", std::string(status.message()));
    return EX_TEMPFAIL;
  };
  const absl::StatusOr<Invocation> invocation =
      ReadInvocation(argc, argv, environ, LMSMAIL_VERSION);
  if (!invocation.ok()) return fail(invocation.status());
  if (!invocation->output.empty()) {
    fmt::print("{}\nArguments after the flags are the recipients of the message.\n",
               invocation->output);
    return EX_OK;
  }
  const absl::StatusOr<std::string> message = ReadMessage(STDIN_FILENO);
  if (!message.ok()) return fail(message.status());
  const absl::Status submitted = Submit(*invocation, *message);
  return submitted.ok() ? EX_OK : fail(submitted);
}
