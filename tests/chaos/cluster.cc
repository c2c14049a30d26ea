#include "tests/chaos/cluster.h"

#include <fmt/format.h>
#include <signal.h>

#include <fstream>
#include <utility>

#include "absl/time/clock.h"

#include "libs/rpc/channel.h"
#include "libs/rpc/health_check.h"
#include "libs/status/status_macros.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/service_config.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::chaos {
namespace {

// Removes "host=..." from a DSN.
std::string WithoutHost(const std::string& dsn) {
  const std::size_t at = dsn.find("host=");
  const std::size_t end = dsn.find(' ', at);
  return dsn.substr(0, at) + dsn.substr(end + 1);
}

}  // namespace

std::string StudentId(int number) { return fmt::format("student-{}", number); }

absl::StatusOr<std::unique_ptr<Cluster>> Cluster::Start(std::filesystem::path folder,
                                                        std::vector<std::string> flags,
                                                        std::string_view provider) {
  std::unique_ptr<Cluster> cluster(new Cluster(std::move(folder), std::move(flags)));
  LMSMAIL_RETURN_IF_ERROR(cluster->Prepare(provider));
  for (Replica& replica : cluster->replicas_) {
    const int number = static_cast<int>(&replica - cluster->replicas_.data());
    // The replica chooses a free port and keeps it when it is restarted.
    const std::string& target = cluster->suite_->Target("template");
    const std::string host = target.substr(0, target.find(':'));
    replica.listen = host + ":0";
    LMSMAIL_RETURN_IF_ERROR(cluster->StartReplica(number));
    LMSMAIL_ASSIGN_OR_RETURN(const std::string line, replica.process->WaitForLine("\"listening\""));
    LMSMAIL_ASSIGN_OR_RETURN(const int port, integration::NumberIn(line, "port"));
    replica.listen = fmt::format("{}:{}", host, port);
    LMSMAIL_RETURN_IF_ERROR(cluster->Connect(replica));
  }
  LMSMAIL_RETURN_IF_ERROR(cluster->WaitUntilReplicasServe());
  LMSMAIL_RETURN_IF_ERROR(cluster->CreateData());
  return cluster;
}

absl::Status Cluster::Prepare(std::string_view provider) {
  LMSMAIL_ASSIGN_OR_RETURN(sink_, Sink::Start(folder_));
  LMSMAIL_ASSIGN_OR_RETURN(smtp_link_, Proxy::ToPort(sink_->port()));
  if (!provider.empty()) {
    std::filesystem::create_directory(folder_ / "provider");
    LMSMAIL_ASSIGN_OR_RETURN(provider_,
                             Provider::Start(provider, folder_ / "provider",
                                             integration::AddressOf(StudentId(kRefusedStudent))));
  }
  LMSMAIL_ASSIGN_OR_RETURN(
      suite_, integration::Suite::Start(
                  {.services = {"template", "preference"}, .install_templates = false}));
  LMSMAIL_ASSIGN_OR_RETURN(database_link_, Proxy::ToSocket(database_folder() / ".s.PGSQL.5432"));

  integration::Settings settings;
  const std::string dsn = fmt::format("{} host=127.0.0.1 port={} sslmode=disable",
                                      WithoutHost(suite_->dsn()), database_link_->port());
  settings.dsn = dsn + " user=lmsmail_dispatch";
  settings.migrator_dsn = dsn + " user=lmsmail_migrator";
  settings.keys_file = folder_ / "keys";
  settings.smtp_port = smtp_link_->port();
  std::ofstream(folder_ / "dispatch.yaml") << integration::ServiceConfig("dispatch", settings);
  for (const auto& [name, content] : {std::pair("password", std::string("secret")),
                                      std::pair("keys", fmt::format("k1:{:064x}\n", 1))}) {
    std::ofstream(folder_ / name) << content;
    std::filesystem::permissions(folder_ / name, std::filesystem::perms::owner_read);
  }
  replicas_.resize(kReplicas);
  return absl::OkStatus();
}

std::filesystem::path Cluster::database_folder() const {
  const std::string& dsn = suite_->dsn();
  const std::size_t at = dsn.find("host=") + 5;
  return dsn.substr(at, dsn.find(' ', at) - at);
}

absl::Status Cluster::CreateData() {
  LMSMAIL_RETURN_IF_ERROR(
      integration::CreateGreeting(*suite_, kReceiptTemplate, type::v1::CATEGORY_PAYMENT));
  LMSMAIL_RETURN_IF_ERROR(
      integration::CreateGreeting(*suite_, kNewsletterTemplate, type::v1::CATEGORY_ANNOUNCEMENT));
  std::vector<std::string> students;
  for (int i = 0; i < kStudents; ++i) students.push_back(StudentId(i));
  LMSMAIL_RETURN_IF_ERROR(integration::Register(*suite_, students));
  for (int i = 0; i < kStudents; ++i) {
    if (!OptedOut(i)) continue;
    LMSMAIL_RETURN_IF_ERROR(
        integration::Unsubscribe(*suite_, StudentId(i), type::v1::CATEGORY_ANNOUNCEMENT));
  }
  return absl::OkStatus();
}

std::string Cluster::WorkerName(int number) { return fmt::format("dispatch-{}", number); }

std::filesystem::path Cluster::StateOf(int number) const {
  return folder_ / (WorkerName(number) + ".state");
}

std::vector<std::string> Cluster::CommandOf(int number, const std::string& listen) const {
  std::vector<std::string> command = {
      LMSMAIL_BINARIES "/lmsmail-dispatch",
      "--config=" + (folder_ / "dispatch.yaml").string(),
      "--listen=" + listen,
      "--metrics_listen=127.0.0.1:0",
      "--log.format=json",
      "--template.target=" + suite_->Target("template"),
      "--preference.target=" + suite_->Target("preference"),
      "--worker.name=" + WorkerName(number),
      fmt::format("--worker.lease={}", absl::FormatDuration(kLease)),
      "--worker.state_directory=" + StateOf(number).string(),
      "--transports.inbox.username=school",
      "--transports.inbox.password_file=" + (folder_ / "password").string(),
      "--transports.inbox.allow_plaintext_credentials=true"};
  const std::string_view transport = provider_ ? "provider" : "inbox";
  command.push_back(
      fmt::format("--transports.{}.max_connections={}", transport, kConnectionsPerReplica));
  // So that mail goes on soon after a refusal.
  for (const auto& [time, length] : {std::pair("min_open_time", kMinBreakerOpenTime),
                                     std::pair("max_open_time", 4 * kMinBreakerOpenTime),
                                     std::pair("quota_open_time", kMinBreakerOpenTime)}) {
    command.push_back(fmt::format("--transports.{}.circuit_breaker.{}={}", transport, time,
                                  absl::FormatDuration(length)));
  }
  if (provider_) {
    for (std::string& flag : provider_->DispatchFlags()) command.push_back(std::move(flag));
  }
  command.insert(command.end(), flags_.begin(), flags_.end());
  return command;
}

absl::Status Cluster::Connect(Replica& replica) {
  LMSMAIL_ASSIGN_OR_RETURN(replica.channel, rpc::NewChannel({.target = replica.listen}));
  std::shared_ptr<Dispatch> stub = dispatch::v1::DispatchService::NewStub(replica.channel);
  absl::MutexLock lock(&mutex_);
  replica.stub = std::move(stub);
  return absl::OkStatus();
}

std::shared_ptr<Cluster::Dispatch> Cluster::replica(int number) {
  absl::MutexLock lock(&mutex_);
  return replicas_.at(static_cast<std::size_t>(number)).stub;
}

absl::Status Cluster::KillReplica(int number, bool keep_state) {
  Replica& replica = replicas_.at(static_cast<std::size_t>(number));
  RecordEvent(fmt::format("dispatch {} killed", number));
  replica.process->Signal(SIGKILL);
  LMSMAIL_RETURN_IF_ERROR(replica.process->WaitForExit(integration::kTimeout).status());
  if (!keep_state) std::filesystem::remove_all(StateOf(number));
  return absl::OkStatus();
}

absl::Status Cluster::StartReplica(int number) {
  Replica& replica = replicas_.at(static_cast<std::size_t>(number));
  LMSMAIL_ASSIGN_OR_RETURN(integration::Process process,
                           integration::Process::Start(CommandOf(number, replica.listen),
                                                       folder_ / (WorkerName(number) + ".log")));
  replica.process = std::make_unique<integration::Process>(std::move(process));
  // A new channel connects at once; the previous one may be in its reconnect backoff.
  return replica.channel == nullptr ? absl::OkStatus() : Connect(replica);
}

void Cluster::SignalReplica(int number, int signal) {
  RecordEvent(fmt::format("dispatch {}: {}", number, sigabbrev_np(signal)));
  replicas_.at(static_cast<std::size_t>(number)).process->Signal(signal);
}

integration::Process& Cluster::process(int number) {
  return *replicas_.at(static_cast<std::size_t>(number)).process;
}

const std::string& Cluster::TargetOf(int number) const {
  return replicas_.at(static_cast<std::size_t>(number)).listen;
}

absl::StatusOr<std::int64_t> Cluster::CountReceived() {
  return provider_ ? provider_->Count() : sink_->Count();
}

absl::StatusOr<std::vector<Received>> Cluster::ReadReceived() {
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<Received> received, sink_->Ledger());
  if (!provider_) return received;
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Received> more, provider_->Ledger());
  received.insert(received.end(), more.begin(), more.end());
  return received;
}

absl::Status Cluster::WaitUntilReplicasServe() {
  for (const Replica& replica : replicas_) {
    LMSMAIL_RETURN_IF_ERROR(
        integration::WaitUntil(fmt::format("dispatch at {} is SERVING", replica.listen), [&] {
          const absl::StatusOr<bool> serving = rpc::IsServing(replica.channel, "");
          return serving.ok() && *serving;
        }));
  }
  return absl::OkStatus();
}

void Cluster::RecordEvent(std::string what) { events_.push_back({absl::Now(), std::move(what)}); }

}  // namespace lmsmail::chaos
