#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/time/clock.h"

#include "libs/smtp/client.h"
#include "libs/smtp/testing/scripted_server.h"

// Measures throughput and CPU time of mails sent to a server that accepts everything:
//   smtp_client_benchmark [mails [bytes [none|starttls]]]
// The server is a separate process, so that getrusage separates the CPU time of the two sides. Both
// run on the same cores: compare figures of one run only.
namespace lmsmail::smtp {
namespace {

struct Load {
  size_t mails = 200'000;
  size_t bytes = 8 * 1024;
  TlsMode tls = TlsMode::kNone;
};

double CpuSeconds(int who) {
  rusage usage;
  getrusage(who, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string MessageOf(size_t bytes) {
  std::string message = "Subject: Benchmark\r\n\r\n";
  while (message.size() + 78 <= bytes) message += std::string(76, 'x') + "\r\n";
  return message;
}

// Runs the server until the returned pipe end is closed.
struct ServerProcess {
  pid_t pid = 0;
  int keep_alive = -1;
  Options options;
};

ServerProcess StartServer(const Load& load) {
  int to_child[2];
  int to_parent[2];
  if (pipe(to_child) != 0 || pipe(to_parent) != 0) std::abort();
  ServerProcess server;
  server.pid = fork();
  if (server.pid == 0) {
    close(to_child[1]);
    {
      testing::ServerOptions options;
      options.records = false;
      options.tls = load.tls;
      testing::ScriptedServer sink(options);
      const uint16_t port = sink.port();
      if (write(to_parent[1], &port, sizeof(port)) != sizeof(port)) std::abort();
      char end;
      while (read(to_child[0], &end, 1) > 0) {
      }
    }
    _exit(0);
  }
  close(to_child[0]);
  server.keep_alive = to_child[1];
  server.options.host = "127.0.0.1";
  server.options.ehlo_name = "benchmark.test";
  server.options.tls.mode = load.tls;
  server.options.tls.accept_any_certificate = true;
  if (read(to_parent[0], &server.options.port, sizeof(server.options.port)) < 0) std::abort();
  return server;
}

void Run(const Load& load, size_t connections) {
  ServerProcess server = StartServer(load);
  server.options.max_connections = connections;
  server.options.max_messages_per_connection = load.mails;
  auto client = Client::Create(server.options);
  if (!client.ok()) std::abort();

  Mail mail;
  mail.envelope_from = "school@lms.test";
  mail.recipient = "student@x.test";
  mail.message = MessageOf(load.bytes);
  size_t accepted = 0;  // written on the client's thread only, read after WaitUntilIdle
  const double cpu_before = CpuSeconds(RUSAGE_SELF);
  const absl::Time start = absl::Now();
  for (size_t i = 0; i < load.mails; ++i) {
    Mail copy = mail;
    Client::Done done = [&accepted](const Result& result) {
      if (result.kind == Result::Kind::kAccepted) ++accepted;
    };
    // Neither is consumed while the queue is full.
    while (
        !(*client)->TrySend(std::move(copy), std::move(done))) {  // NOLINT(bugprone-use-after-move)
      absl::SleepFor(absl::Microseconds(200));
    }
  }
  (*client)->WaitUntilIdle(absl::InfiniteDuration());
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  const double cpu = CpuSeconds(RUSAGE_SELF) - cpu_before;
  (*client)->Shutdown(absl::ZeroDuration());
  close(server.keep_alive);
  const double child_before = CpuSeconds(RUSAGE_CHILDREN);
  waitpid(server.pid, nullptr, 0);
  const double child_cpu = CpuSeconds(RUSAGE_CHILDREN) - child_before;

  const auto n = static_cast<double>(load.mails);
  std::printf("%zu connections: %8.0f mails/s, client %5.1f us/mail, server %5.1f us/mail%s\n",
              connections, n / seconds, cpu / n * 1e6, child_cpu / n * 1e6,
              accepted == load.mails ? "" : "  (NOT ALL ACCEPTED)");
}

}  // namespace
}  // namespace lmsmail::smtp

int main(int argc, char** argv) {
  lmsmail::smtp::Load load;
  if (argc > 1) load.mails = std::strtoull(argv[1], nullptr, 10);
  if (argc > 2) load.bytes = std::strtoull(argv[2], nullptr, 10);
  if (argc > 3 && std::string(argv[3]) == "starttls") {
    load.tls = lmsmail::smtp::TlsMode::kStartTls;
  }
  std::printf("%zu mails of %zu bytes\n", load.mails, load.bytes);
  for (const size_t connections : {1, 8, 32}) lmsmail::smtp::Run(load, connections);
  return 0;
}
