#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/smtp/client.h"
#include "libs/status/status_macros.h"
#include "tests/tool/cpu_time.h"
#include "tests/tool/tool_main.h"

// lmsmail-smtp-source: sends ready-made mails through the product's SMTP client as fast as it can,
// without queue, template or record. Its rate is the limit that the drain is compared with. Prints
// one line of JSON.
namespace lmsmail::bench {
namespace {

struct Options {
  config::HostPort server = {"127.0.0.1", 25};
  std::int32_t mails = 100'000;
  std::int32_t bytes = 8 * 1024;
  std::int32_t connections = 8;

  void Declare(config::Schema& schema) {
    schema.Address("server", &server, "The SMTP server.");
    schema.Int32("mails", &mails, "Number of mails.", {1});
    schema.Int32("bytes", &bytes, "Size of each mail.", {200});
    schema.Int32("connections", &connections, "Concurrent connections.", {1, 1000});
  }
};

// Each mail has its own Message-ID, so that the sink's duplicate check does its usual work.
std::string MessageOf(const std::string& filling, std::int32_t number) {
  return fmt::format("Message-ID: <{}.{}@limit.test>\r\n{}", getpid(), number, filling);
}

std::string Filling(std::int32_t bytes) {
  std::string filling = "Subject: Limit\r\n\r\n";
  while (filling.size() + 120 < static_cast<std::size_t>(bytes)) {
    filling += std::string(76, 'x') + "\r\n";
  }
  return filling;
}

absl::Status SendAll(const Options& load) {
  smtp::Options options;
  options.host = load.server.host;
  options.port = load.server.port;
  options.ehlo_name = "limit.test";
  options.max_connections = static_cast<std::size_t>(load.connections);
  options.max_messages_per_connection = static_cast<std::size_t>(load.mails);
  LMSMAIL_ASSIGN_OR_RETURN(const auto client, smtp::Client::Create(options));

  const std::string filling = Filling(load.bytes);
  std::atomic<std::int64_t> accepted = 0;
  const absl::Time start = absl::Now();
  for (std::int32_t i = 0; i < load.mails; ++i) {
    smtp::Mail mail;
    mail.envelope_from = "school@limit.test";
    mail.recipient = "student@limit.test";
    mail.message = MessageOf(filling, i);
    smtp::Client::Done done = [&accepted](const smtp::Result& result) {
      if (result.kind == smtp::Result::Kind::kAccepted) ++accepted;
    };
    // TrySend takes its arguments only when it returns true.
    while (!client->TrySend(std::move(mail), std::move(done))) {  // NOLINT(bugprone-use-after-move)
      absl::SleepFor(absl::Microseconds(200));
    }
  }
  client->WaitUntilIdle(absl::InfiniteDuration());
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  fmt::print(R"({{"mails":{},"seconds":{:.6f},"cpu_us":{}}})"
             "\n",
             accepted.load(), seconds, CpuMicroseconds());
  if (accepted == load.mails) return absl::OkStatus();
  return absl::DataLossError(fmt::format("only {} of {} accepted", accepted.load(), load.mails));
}

}  // namespace
}  // namespace lmsmail::bench

int main(int argc, char** argv) {
  return lmsmail::ToolMain("smtp-source", argc, argv, lmsmail::bench::SendAll);
}
