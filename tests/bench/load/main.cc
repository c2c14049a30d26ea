#include <fmt/format.h>

#include <string>

#include "absl/status/status.h"

#include "libs/config/schema.h"
#include "libs/rpc/channel.h"
#include "libs/status/status_macros.h"
#include "tests/bench/load/bulk.h"
#include "tests/bench/load/setup.h"
#include "tests/bench/load/unary.h"
#include "tests/tool/tool_main.h"

// lmsmail-load: calls the services as an LMS does. Prints a report as one line of JSON.
namespace lmsmail::bench {
namespace {

enum class Task { kPrepare, kPause, kResume, kBulk, kSend, kNoOp, kProbes };

struct Options {
  Task task = Task::kBulk;
  std::string dispatch = "127.0.0.1:7103";
  std::string templates = "127.0.0.1:7101";
  std::string preferences = "127.0.0.1:7102";
  std::string run = "run";
  std::int32_t count = 10'000;
  std::int32_t recipients = 10'000;
  std::int32_t callers = 64;
  absl::Duration interval = absl::Milliseconds(20);
  std::string log = "/dev/null";

  void Declare(config::Schema& schema) {
    schema.Enum(
        "task", &task,
        {{"prepare", Task::kPrepare},
         {"pause", Task::kPause},
         {"resume", Task::kResume},
         {"bulk", Task::kBulk},
         {"send", Task::kSend},
         {"noop", Task::kNoOp},
         {"probes", Task::kProbes}},
        "Install templates and register students, pause or resume lanes, or call dispatch.");
    schema.String("dispatch", &dispatch, "gRPC target of dispatch.");
    schema.String("templates", &templates, "gRPC target of the template service.");
    schema.String("preferences", &preferences, "gRPC target of the preference service.");
    schema.String("run", &run, "Prefix of every request id; each run needs its own.");
    schema.Int32("count", &count, "Number of mails or calls.", {1});
    schema.Int32("recipients", &recipients, "Number of students.", {1});
    schema.Int32("callers", &callers, "Concurrent callers of send and noop.", {1, 10'000});
    schema.Duration("interval", &interval, "Time between two probes.", {absl::Microseconds(10)});
    schema.String("log", &log, "File that lists the probes.");
  }
};

absl::StatusOr<Report> Perform(const Options& options) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto dispatch, rpc::NewChannel({.target = options.dispatch}));
  switch (options.task) {
    case Task::kPrepare: {
      LMSMAIL_ASSIGN_OR_RETURN(const auto templates,
                               rpc::NewChannel({.target = options.templates}));
      LMSMAIL_ASSIGN_OR_RETURN(const auto preferences,
                               rpc::NewChannel({.target = options.preferences}));
      LMSMAIL_RETURN_IF_ERROR(PrepareServices(templates, preferences, options.recipients));
      return Report{.count = options.recipients};
    }
    case Task::kPause:
    case Task::kResume:
      LMSMAIL_RETURN_IF_ERROR(SetPaused(dispatch, options.task == Task::kPause));
      return Report{.count = 1};
    case Task::kBulk:
      return SendBulk(dispatch, options.run, options.count, options.recipients);
    case Task::kSend:
      return CallSend(dispatch, options.run, options.count, options.callers, options.recipients);
    case Task::kNoOp:
      return CallNoOp(dispatch, options.count, options.callers);
    case Task::kProbes:
      LMSMAIL_RETURN_IF_ERROR(
          SendProbes(dispatch, options.run, options.count, options.interval, options.log));
      return Report{.count = options.count};
  }
  return absl::InternalError("unknown task");
}

absl::Status Run(const Options& options) {
  LMSMAIL_ASSIGN_OR_RETURN(Report report, Perform(options));
  fmt::print("{}\n", report.ToJson());
  return absl::OkStatus();
}

}  // namespace
}  // namespace lmsmail::bench

int main(int argc, char** argv) {
  return lmsmail::ToolMain("load", argc, argv, lmsmail::bench::Run);
}
