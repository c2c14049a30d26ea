#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/status/status.h"

#include "libs/config/schema.h"
#include "libs/rpc/channel.h"
#include "libs/status/status_macros.h"
#include "tests/bench/load/bulk.h"
#include "tests/bench/load/school.h"
#include "tests/bench/load/unary.h"

// lmsmail-load: a caller of the services, as the LMS is one. Prints what it did as a line of JSON.
namespace lmsmail::bench {
namespace {

enum class Task { kPrepare, kPause, kResume, kBulk, kSend, kEcho, kProbes };

struct Options {
  Task task = Task::kBulk;
  std::string dispatch = "127.0.0.1:7103";
  std::string templates = "127.0.0.1:7101";
  std::string preferences = "127.0.0.1:7102";
  std::string run = "run";
  std::int32_t count = 10'000;
  std::int32_t recipients = 10'000;
  std::int32_t callers = 64;
  std::int32_t channels = 1;
  absl::Duration interval = absl::Milliseconds(20);
  std::string log = "/dev/null";

  void Declare(config::Schema& schema) {
    schema.Enum("task", &task,
                {{"prepare", Task::kPrepare},
                 {"pause", Task::kPause},
                 {"resume", Task::kResume},
                 {"bulk", Task::kBulk},
                 {"send", Task::kSend},
                 {"echo", Task::kEcho},
                 {"probes", Task::kProbes}},
                "What to do: register students, stop the lanes or let them go, or call dispatch.");
    schema.String("dispatch", &dispatch, "gRPC target of dispatch.");
    schema.String("templates", &templates, "gRPC target of the template service.");
    schema.String("preferences", &preferences, "gRPC target of the preference service.");
    schema.String("run", &run, "Begins every request id; another run needs another.");
    schema.Int32("count", &count, "How many mails or calls.", {1});
    schema.Int32("recipients", &recipients, "How many students there are.", {1});
    schema.Int32("callers", &callers, "Callers of send and echo.", {1, 10'000});
    schema.Int32("channels", &channels, "Connections to dispatch; streams of bulk.", {1, 64});
    schema.Duration("interval", &interval, "Between two probes.", {absl::Microseconds(10)});
    schema.String("log", &log, "File that probes are listed in.");
  }
};

// Channels of the same target share a connection unless their arguments differ, which the number
// sees to.
absl::StatusOr<Channels> Connect(const Options& options) {
  Channels channels;
  for (int i = 0; i < options.channels; ++i) {
    rpc::ChannelOptions channel{.target = options.dispatch};
    channel.max_receive_bytes += i;
    LMSMAIL_ASSIGN_OR_RETURN(channels.emplace_back(), rpc::NewChannel(channel));
  }
  return channels;
}

absl::StatusOr<Report> Perform(const Options& options) {
  LMSMAIL_ASSIGN_OR_RETURN(const Channels channels, Connect(options));
  switch (options.task) {
    case Task::kPrepare: {
      LMSMAIL_ASSIGN_OR_RETURN(const auto templates,
                               rpc::NewChannel({.target = options.templates}));
      LMSMAIL_ASSIGN_OR_RETURN(const auto preferences,
                               rpc::NewChannel({.target = options.preferences}));
      LMSMAIL_RETURN_IF_ERROR(PrepareSchool(templates, preferences, options.recipients));
      return Report{.count = options.recipients};
    }
    case Task::kPause:
    case Task::kResume:
      LMSMAIL_RETURN_IF_ERROR(SetPaused(channels.front(), options.task == Task::kPause));
      return Report{.count = 1};
    case Task::kBulk:
      return SendBulk(channels, options.run, options.count, options.recipients);
    case Task::kSend:
      return SendOneByOne(channels, options.run, options.count, options.callers,
                          options.recipients);
    case Task::kEcho:
      return Echo(channels, options.count, options.callers);
    case Task::kProbes:
      LMSMAIL_RETURN_IF_ERROR(
          SendProbes(channels, options.run, options.count, options.interval, options.log));
      return Report{.count = options.count};
  }
  return absl::InternalError("no such task");
}

absl::Status Run(int argc, char** argv) {
  Options options;
  config::Schema schema("load", "1");
  options.Declare(schema);
  LMSMAIL_ASSIGN_OR_RETURN(const config::Outcome outcome, schema.Load(argc, argv, environ));
  if (!outcome.run) {
    std::fputs(outcome.output.c_str(), stdout);
    return absl::OkStatus();
  }
  LMSMAIL_ASSIGN_OR_RETURN(Report report, Perform(options));
  fmt::print("{}\n", report.ToJson());
  return absl::OkStatus();
}

}  // namespace
}  // namespace lmsmail::bench

int main(int argc, char** argv) {
  const absl::Status status = lmsmail::bench::Run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "lmsmail-load: %s\n", status.ToString().c_str());
  return 1;
}
