#include "tests/chaos/stage.h"

#include <fmt/format.h>
#include <signal.h>

#include <fstream>
#include <utility>

#include "absl/time/clock.h"

#include "libs/rpc/channel.h"
#include "libs/rpc/health_check.h"
#include "libs/status/status_macros.h"
#include "tests/integration/configuration.h"
#include "tests/integration/school.h"
#include "tests/integration/wait.h"

namespace lmsmail::chaos {
namespace {

using integration::Soon;
namespace pref = preference::v1;

// "host=... dbname=..." without the host.
std::string WithoutHost(const std::string& dsn) {
  const std::size_t at = dsn.find("host=");
  const std::size_t end = dsn.find(' ', at);
  return dsn.substr(0, at) + dsn.substr(end + 1);
}

}  // namespace

std::string StudentName(int number) { return fmt::format("recipients/student-{}", number); }

absl::StatusOr<std::unique_ptr<Stage>> Stage::Start(std::filesystem::path folder,
                                                    std::vector<std::string> flags) {
  std::unique_ptr<Stage> stage(new Stage(std::move(folder), std::move(flags)));
  LMSMAIL_RETURN_IF_ERROR(stage->Prepare());
  for (Replica& replica : stage->replicas_) {
    const int number = static_cast<int>(&replica - stage->replicas_.data());
    // A port of its own choice at first, which it keeps.
    const std::string& suite_target = stage->suite_->Target("template");
    const std::string host = suite_target.substr(0, suite_target.find(':'));
    replica.listen = host + ":0";
    LMSMAIL_RETURN_IF_ERROR(stage->StartReplica(number));
    LMSMAIL_ASSIGN_OR_RETURN(const std::string line, replica.process->WaitForLine("\"listening\""));
    LMSMAIL_ASSIGN_OR_RETURN(const int port, integration::NumberIn(line, "port"));
    replica.listen = fmt::format("{}:{}", host, port);
    LMSMAIL_RETURN_IF_ERROR(stage->Connect(replica));
  }
  LMSMAIL_RETURN_IF_ERROR(stage->WaitUntilReplicasServe());
  LMSMAIL_RETURN_IF_ERROR(stage->Enrol());
  return stage;
}

absl::Status Stage::Prepare() {
  LMSMAIL_ASSIGN_OR_RETURN(sink_, Sink::Start(folder_));
  LMSMAIL_ASSIGN_OR_RETURN(smtp_link_, Proxy::ToPort(sink_->port()));
  LMSMAIL_ASSIGN_OR_RETURN(
      suite_, integration::Suite::Start(
                  {.services = {"template", "preference"}, .install_templates = false}));
  LMSMAIL_ASSIGN_OR_RETURN(database_link_, Proxy::ToSocket(database_folder() / ".s.PGSQL.5432"));

  integration::Settings settings;
  settings.dsn = fmt::format("{} host=127.0.0.1 port={} user=lmsmail_dispatch sslmode=disable",
                             WithoutHost(suite_->dsn()), database_link_->port());
  settings.smtp_port = smtp_link_->port();
  std::ofstream(folder_ / "dispatch.yaml") << integration::ConfigurationOf("dispatch", settings);
  replicas_.resize(kReplicas);
  return absl::OkStatus();
}

std::filesystem::path Stage::database_folder() const {
  const std::string& dsn = suite_->dsn();
  const std::size_t at = dsn.find("host=") + 5;
  return dsn.substr(at, dsn.find(' ', at) - at);
}

absl::Status Stage::Enrol() {
  LMSMAIL_RETURN_IF_ERROR(
      integration::CreateGreeting(*suite_, kReceiptTemplate, type::v1::CATEGORY_PAYMENT));
  LMSMAIL_RETURN_IF_ERROR(
      integration::CreateGreeting(*suite_, kNewsletterTemplate, type::v1::CATEGORY_ANNOUNCEMENT));
  pref::UpsertRecipientsRequest request;
  for (int i = 0; i < kStudents; ++i) {
    auto& student = *request.add_recipients();
    student.set_name(StudentName(i));
    student.set_email_address(fmt::format("student-{}@students.example", i));
    student.set_display_name("Zoë Lindqvist");
    student.set_time_zone("Europe/Stockholm");
  }
  LMSMAIL_RETURN_IF_ERROR(
      rpc::Call(suite_->preferences(), &integration::Preferences::UpsertRecipients, request, Soon())
          .status());
  for (int i = 0; i < kStudents; ++i) {
    if (!OptedOut(i)) continue;
    pref::UnsubscribeRequest unsubscribe;
    unsubscribe.set_name(StudentName(i));
    unsubscribe.set_category(type::v1::CATEGORY_ANNOUNCEMENT);
    LMSMAIL_RETURN_IF_ERROR(rpc::Call(suite_->preferences(), &integration::Preferences::Unsubscribe,
                                      unsubscribe, Soon())
                                .status());
  }
  return absl::OkStatus();
}

std::string Stage::WorkerName(int number) { return fmt::format("dispatch-{}", number); }

std::filesystem::path Stage::JournalOf(int number) const {
  return folder_ / (WorkerName(number) + ".journal");
}

std::vector<std::string> Stage::CommandOf(int number, const std::string& listen) const {
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
      "--worker.journal=" + JournalOf(number).string(),
      fmt::format("--transports.inbox.max_connections={}", kConnectionsPerReplica)};
  command.insert(command.end(), flags_.begin(), flags_.end());
  return command;
}

absl::Status Stage::Connect(Replica& replica) {
  LMSMAIL_ASSIGN_OR_RETURN(replica.channel, rpc::NewChannel({.target = replica.listen}));
  std::shared_ptr<Dispatch> stub = dispatch::v1::DispatchService::NewStub(replica.channel);
  absl::MutexLock lock(&mutex_);
  replica.stub = std::move(stub);
  return absl::OkStatus();
}

std::shared_ptr<Stage::Dispatch> Stage::replica(int number) {
  absl::MutexLock lock(&mutex_);
  return replicas_.at(static_cast<std::size_t>(number)).stub;
}

absl::Status Stage::KillReplica(int number, bool keep_journal) {
  Replica& replica = replicas_.at(static_cast<std::size_t>(number));
  Note(fmt::format("dispatch {} killed", number));
  replica.process->Signal(SIGKILL);
  LMSMAIL_RETURN_IF_ERROR(replica.process->WaitForExit(integration::kPatience).status());
  if (!keep_journal) std::filesystem::remove(JournalOf(number));
  return absl::OkStatus();
}

absl::Status Stage::StartReplica(int number) {
  Replica& replica = replicas_.at(static_cast<std::size_t>(number));
  LMSMAIL_ASSIGN_OR_RETURN(integration::Process process,
                           integration::Process::Start(CommandOf(number, replica.listen),
                                                       folder_ / (WorkerName(number) + ".log")));
  replica.process = std::make_unique<integration::Process>(std::move(process));
  // The channel may wait before it tries to connect again.
  return replica.channel == nullptr ? absl::OkStatus() : Connect(replica);
}

void Stage::SignalReplica(int number, int signal) {
  Note(fmt::format("dispatch {}: {}", number, sigabbrev_np(signal)));
  replicas_.at(static_cast<std::size_t>(number)).process->Signal(signal);
}

absl::Status Stage::WaitUntilReplicasServe() {
  for (const Replica& replica : replicas_) {
    LMSMAIL_RETURN_IF_ERROR(
        integration::WaitUntil(fmt::format("dispatch at {} is SERVING", replica.listen), [&] {
          const absl::StatusOr<bool> serving = rpc::IsServing(replica.channel, "");
          return serving.ok() && *serving;
        }));
  }
  return absl::OkStatus();
}

void Stage::Note(std::string what) { interruptions_.push_back({absl::Now(), std::move(what)}); }

}  // namespace lmsmail::chaos
