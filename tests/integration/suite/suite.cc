#include "tests/integration/suite/suite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <optional>
#include <pqxx/pqxx>
#include <random>
#include <utility>

#include "libs/hash/sha256.h"
#include "libs/postgres/testing/process.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/health_check.h"
#include "libs/status/status_macros.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

// The limit in libs/service/main.h: the default drain_timeout (20 s) and kShutdownGrace.
constexpr absl::Duration kShutdownLimit = absl::Seconds(25);

// The service of a replica: "dispatch" for "dispatch/1".
std::string_view KindOf(std::string_view name) { return name.substr(0, name.find('/')); }

// The name of a replica as a part of file names.
std::string FileName(std::string_view name) {
  std::string file(name);
  std::ranges::replace(file, '/', '-');
  return file;
}

std::string RandomLoopbackAddress() {
  std::random_device device;
  std::uniform_int_distribution<int> byte(1, 254);
  return fmt::format("127.{}.{}.{}", byte(device), byte(device), byte(device));
}

// Creates the role that owns the schemas, and one for each service, which can use its own.
absl::Status CreateRoles(postgres::EmbeddedPostgres& server, const std::string& dsn) {
  LMSMAIL_RETURN_IF_ERROR(server.CreateRole("lmsmail_migrator"));
  for (const std::string_view service : kServices) {
    LMSMAIL_RETURN_IF_ERROR(server.CreateRole(fmt::format("lmsmail_{}", service)));
  }
  try {
    pqxx::connection connection(dsn);
    pqxx::nontransaction(connection)
        .exec(fmt::format("GRANT CREATE ON DATABASE {} TO lmsmail_migrator", connection.dbname()));
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Suite>> Suite::Start(Options options) {
  std::unique_ptr<Suite> suite(new Suite(std::move(options)));
  LMSMAIL_RETURN_IF_ERROR(suite->Prepare());
  for (const std::string_view service : suite->services()) {
    LMSMAIL_RETURN_IF_ERROR(suite->Launch(service));
  }
  for (const std::string_view service : suite->services()) {
    LMSMAIL_RETURN_IF_ERROR(suite->WaitUntilServing(service));
  }
  if (suite->options_.install_templates) LMSMAIL_RETURN_IF_ERROR(suite->InstallTemplates());
  return suite;
}

Suite::Suite(Options options)
    : options_(std::move(options)), host_(RandomLoopbackAddress()), binaries_(LMSMAIL_BINARIES) {
  for (const std::string_view service : services()) services_.try_emplace(std::string(service));
}

Suite::~Suite() {
  if (!::testing::UnitTest::GetInstance()->Failed()) return;
  for (const std::string_view service : services()) {
    fmt::print("--- the end of the log of {}\n{}\n", service,
               postgres::Tail(folder_.path() / fmt::format("{}.log", FileName(service))));
  }
}

absl::Status Suite::Prepare() {
  LMSMAIL_ASSIGN_OR_RETURN(database_, postgres::EmbeddedPostgres::Create());
  LMSMAIL_ASSIGN_OR_RETURN(dsn_, NewDatabase());
  LMSMAIL_ASSIGN_OR_RETURN(Inbox inbox, Inbox::Start(folder_.path()));
  inbox_ = std::make_unique<Inbox>(std::move(inbox));
  folder_.Write("keys", fmt::format("k1:{:064x}\n", 1));
  if (options_.secure) PrepareTls();
  for (const std::string_view service : kServices) {
    const Settings settings{.dsn = fmt::format("{} user=lmsmail_{}", dsn_, service),
                            .migrator_dsn = dsn_ + " user=lmsmail_migrator",
                            .keys_file = folder_.path() / "keys",
                            .state_directory = folder_.path() / "state",
                            .smtp_port = inbox_->port()};
    folder_.Write(fmt::format("{}.yaml", service), ServiceConfig(service, settings));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Suite::NewDatabase() {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string dsn, database_->NewDatabase());
  LMSMAIL_RETURN_IF_ERROR(CreateRoles(*database_, dsn));
  return database_->DsnWithoutRole(pqxx::connection(dsn).dbname());
}

std::vector<std::string> Suite::FlagsOf(std::string_view name) const {
  const std::string_view service = KindOf(name);
  const Service& self = At(name);
  const std::string any_port = fmt::format("{}:0", host_);
  std::vector<std::string> flags = {
      fmt::format("--config={}", (folder_.path() / fmt::format("{}.yaml", service)).string()),
      fmt::format("--listen={}", self.target.empty() ? any_port : self.target),
      fmt::format("--metrics_listen={}", any_port), "--log.format=json"};
  const auto call = [&](std::string_view peer) {
    flags.push_back(fmt::format("--{}.target={}", peer, TargetOfAll(peer)));
    if (!options_.secure) return;
    flags.push_back(fmt::format("--{}.tls.enabled=true", peer));
    flags.push_back(fmt::format("--{}.tls.authorities={}", peer, tls_.Path("authority")));
    flags.push_back(fmt::format("--{}.tls.certificate={}.pem", peer, tls_.Path(service)));
    flags.push_back(fmt::format("--{}.tls.key={}.key", peer, tls_.Path(service)));
  };
  if (options_.secure) {
    const std::vector<std::string> tls = TlsFlagsOf(service);
    flags.insert(flags.end(), tls.begin(), tls.end());
  }
  if (service == "dispatch") {
    call("template");
    call("preference");
  } else if (service == "report") {
    call("dispatch");
    call("preference");
  } else if (service == "scheduler") {
    call("dispatch");
    call("report");
    call("preference");
  }
  if (const auto more = options_.flags.find(service); more != options_.flags.end()) {
    flags.insert(flags.end(), more->second.begin(), more->second.end());
  }
  return flags;
}

void Suite::PrepareTls() {
  std::string callers = "callers:\n";
  for (const std::string_view service : kServices) {
    const std::string uri = fmt::format("spiffe://lmsmail/{}", service);
    tls_.Issue(std::string(service), fmt::format("URI:{},IP:{}", uri, host_));
    callers += fmt::format("  {0}: {{roles: [{0}], certificate: [\"{1}\"]}}\n", service, uri);
  }
  tls_.Issue("admin", "URI:spiffe://lmsmail/admin");
  tls_.Issue("nobody", "URI:spiffe://lmsmail/nobody");
  callers += "  suite: {roles: [admin], certificate: [\"spiffe://lmsmail/admin\"]}\n";
  const auto add = [&](const std::string& role, std::string_view expiry) {
    callers += fmt::format(
        "  {0}{2}: {{roles: [{0}], token_sha256: {1}, expire_time: \"{3}-01-01T00:00:00Z\"}}\n",
        role, hash::Sha256Hex(fmt::format("TOKEN-OF-{}{}", role, expiry == "9999" ? "" : "-OLD")),
        expiry == "9999" ? "-token" : "-old", expiry);
  };
  for (const char* role : {"viewer", "sender", "operator", "admin", "template", "preference",
                           "dispatch", "scheduler", "report", "gateway"}) {
    add(role, "9999");
  }
  add("admin", "2020");
  tls_.folder().Write("callers.yaml", callers);
}

std::vector<std::string> Suite::TlsFlagsOf(std::string_view service) const {
  return {fmt::format("--tls.certificate={}.pem", tls_.Path(service)),
          fmt::format("--tls.key={}.key", tls_.Path(service)),
          fmt::format("--tls.client_authorities={}", tls_.Path("authority")),
          fmt::format("--auth.callers_file={}", tls_.Path("callers.yaml"))};
}

rpc::TlsFiles Suite::AdminTls() const {
  return {.certificate = tls_.Path("admin.pem"),
          .key = tls_.Path("admin.key"),
          .authorities = tls_.Path("authority")};
}

absl::Status Suite::Launch(std::string_view name) {
  Service& service = At(name);
  std::vector<std::string> argv = FlagsOf(name);
  argv.insert(argv.begin(), fmt::format("{}/lmsmail-{}", binaries_, KindOf(name)));
  LMSMAIL_ASSIGN_OR_RETURN(
      Process process,
      Process::Start(argv, folder_.path() / fmt::format("{}.log", FileName(name))));
  service.process = std::make_unique<Process>(std::move(process));
  LMSMAIL_ASSIGN_OR_RETURN(const std::string line, service.process->WaitForLine("\"listening\""));
  LMSMAIL_ASSIGN_OR_RETURN(const int port, NumberIn(line, "port"));
  LMSMAIL_ASSIGN_OR_RETURN(const int metrics_port, NumberIn(line, "metrics_port"));
  service.target = fmt::format("{}:{}", host_, port);
  service.metrics_target = fmt::format("{}:{}", host_, metrics_port);
  // A new channel connects at once; the previous one may be in its reconnect backoff.
  LMSMAIL_ASSIGN_OR_RETURN(
      service.channel,
      rpc::NewChannel({.target = service.target,
                       .tls = options_.secure ? std::optional(AdminTls()) : std::nullopt}));
  if (name == "template") templates_ = templates::v1::TemplateService::NewStub(service.channel);
  if (name == "preference") {
    preferences_ = preference::v1::PreferenceService::NewStub(service.channel);
  }
  if (name == "dispatch") dispatch_ = dispatch::v1::DispatchService::NewStub(service.channel);
  if (name == "report") reports_ = report::v1::ReportService::NewStub(service.channel);
  if (name == "scheduler") scheduler_ = scheduler::v1::SchedulerService::NewStub(service.channel);
  return absl::OkStatus();
}

absl::Status Suite::InstallTemplates() {
  return Call(templates(), &Templates::InstallBuiltInTemplates,
              templates::v1::InstallBuiltInTemplatesRequest())
      .status();
}

absl::Status Suite::Kill(std::string_view service) {
  Process& process = *At(service).process;
  process.Signal(SIGKILL);
  return process.WaitForExit(kTimeout).status();
}

absl::StatusOr<int> Suite::Terminate(std::string_view service) {
  Process& process = *At(service).process;
  process.Signal(SIGTERM);
  return process.WaitForExit(kShutdownLimit);
}

absl::StatusOr<int> Suite::WaitForExit(std::string_view service) {
  return At(service).process->WaitForExit(kTimeout);
}

absl::Status Suite::Restart(std::string_view service) {
  LMSMAIL_RETURN_IF_ERROR(Launch(service));
  return WaitUntilServing(service);
}

absl::StatusOr<bool> Suite::IsServing(std::string_view service) const {
  return rpc::IsServing(At(service).channel, "");
}

absl::Status Suite::WaitUntilServing(std::string_view service) const {
  return WaitUntil(fmt::format("{} is SERVING", service), [&] {
    const absl::StatusOr<bool> serving = IsServing(service);
    return serving.ok() && *serving;
  });
}

const std::string& Suite::Target(std::string_view service) const { return At(service).target; }

std::string Suite::TargetOfAll(std::string_view service) const {
  std::vector<std::string> targets;
  for (const auto& [name, replica] : services_) {
    if (KindOf(name) == service) targets.push_back(replica.target);
  }
  return fmt::format("ipv4:{}", fmt::join(targets, ","));
}

const std::string& Suite::MetricsTarget(std::string_view service) const {
  return At(service).metrics_target;
}

std::string Suite::Log(std::string_view service) const { return At(service).process->Output(); }

}  // namespace lmsmail::integration
