#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "libs/config/schema.h"
#include "libs/smtp/client.h"
#include "libs/status/status_macros.h"

// lmsmail-blast: how fast ready-made mails leave through our own SMTP client, without queue,
// template or record. That is the limit which everything else is compared with. Prints one line of
// JSON.
namespace lmsmail::bench {
namespace {

struct Load {
  config::HostPort server = {"127.0.0.1", 25};
  std::int32_t mails = 100'000;
  std::int32_t bytes = 8 * 1024;
  std::int32_t connections = 8;
};

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A Message-ID that no other mail of this machine's has, so that the sink counts as it always does.
std::string MessageOf(const std::string& filling, std::int32_t number) {
  return fmt::format("Message-ID: <{}.{}@blast.test>\r\n{}", getpid(), number, filling);
}

std::string Filling(std::int32_t bytes) {
  std::string filling = "Subject: Limit\r\n\r\n";
  while (filling.size() + 120 < static_cast<std::size_t>(bytes)) {
    filling += std::string(76, 'x') + "\r\n";
  }
  return filling;
}

absl::Status Blast(const Load& load) {
  smtp::Options options;
  options.host = load.server.host;
  options.port = load.server.port;
  options.ehlo_name = "blast.test";
  options.max_connections = static_cast<std::size_t>(load.connections);
  options.max_messages_per_connection = static_cast<std::size_t>(load.mails);
  LMSMAIL_ASSIGN_OR_RETURN(const auto client, smtp::Client::Create(options));

  const std::string filling = Filling(load.bytes);
  std::atomic<std::int64_t> accepted = 0;
  const absl::Time start = absl::Now();
  for (std::int32_t i = 0; i < load.mails; ++i) {
    smtp::Mail mail;
    mail.envelope_from = "school@blast.test";
    mail.recipient = "student@blast.test";
    mail.message = MessageOf(filling, i);
    smtp::Client::Done done = [&accepted](const smtp::Result& result) {
      if (result.kind == smtp::Result::Kind::kAccepted) ++accepted;
    };
    while (!client->TrySend(std::move(mail), std::move(done))) {
      absl::SleepFor(absl::Microseconds(200));
    }
  }
  client->WaitUntilIdle(absl::InfiniteDuration());
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  fmt::print(R"({{"mails":{},"seconds":{:.6f},"cpu_us":{:.0f}}})"
             "\n",
             accepted.load(), seconds, CpuSeconds() * 1e6);
  if (accepted == load.mails) return absl::OkStatus();
  return absl::DataLossError(fmt::format("only {} of {} accepted", accepted.load(), load.mails));
}

absl::Status Run(int argc, char** argv) {
  Load load;
  config::Schema schema("blast", "1");
  schema.Address("server", &load.server, "The SMTP server.");
  schema.Int32("mails", &load.mails, "How many.", {1});
  schema.Int32("bytes", &load.bytes, "Size of each.", {200});
  schema.Int32("connections", &load.connections, "At a time.", {1, 1000});
  LMSMAIL_ASSIGN_OR_RETURN(const config::Outcome outcome, schema.Load(argc, argv, environ));
  if (outcome.run) return Blast(load);
  std::fputs(outcome.output.c_str(), stdout);
  return absl::OkStatus();
}

}  // namespace
}  // namespace lmsmail::bench

int main(int argc, char** argv) {
  const absl::Status status = lmsmail::bench::Run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "lmsmail-blast: %s\n", status.ToString().c_str());
  return 1;
}
