#include "libs/postgres/testing/embedded_postgres.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "libs/postgres/sql_error.h"
#include "libs/postgres/testing/process.h"
#include "libs/status/status_macros.h"

namespace lmsmail::postgres {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kStartTimeout = absl::Seconds(30);
constexpr absl::Duration kPollInterval = absl::Milliseconds(5);
constexpr char kMigrator[] = "lmsmail_migrator";

// Runs in its own session until this process ends in any way, which closes the pipe. Then stops the
// server and removes the directory. Checks that the process id still belongs to our server: its
// working directory must be our data directory.
constexpr char kGuardian[] = R"sh(
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$1/data" ]; then
  kill -QUIT "$pid"
  while [ -e "/proc/$pid/cwd" ]; do sleep 0.1; done
fi
rm -rf "$1"
)sh";

absl::Status Errno(std::string_view what) {
  return absl::InternalError(fmt::format("{}: {}", what, std::strerror(errno)));
}

absl::Status GiveToServerUser(const fs::path& path) {
  if (::geteuid() != 0) return absl::OkStatus();
  const passwd* user = ::getpwnam("postgres");
  if (user == nullptr) return absl::NotFoundError("root needs the user \"postgres\"");
  if (::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) return Errno(path.string());
  return absl::OkStatus();
}

// Memory, if there is enough of it: a test program leaves ten thousands of files, which some disks
// take minutes to delete.
std::string TemporaryFolder() {
  if (const char* configured = std::getenv("TMPDIR")) return configured;
  constexpr std::uintmax_t kEnough = std::uintmax_t{8} << 30;
  std::error_code error;
  const fs::space_info memory = fs::space("/dev/shm", error);
  return !error && memory.available >= kEnough ? "/dev/shm" : "/tmp";
}

absl::StatusOr<fs::path> MakeDirectory() {
  std::string directory = TemporaryFolder() + "/lmsmail-pg-XXXXXX";
  if (directory.size() + std::strlen("/.s.PGSQL.5432") >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError("TMPDIR is too long for a Unix socket: use /tmp");
  }
  if (::mkdtemp(directory.data()) == nullptr) return Errno(directory);
  LMSMAIL_RETURN_IF_ERROR(GiveToServerUser(directory));
  return fs::path(directory);
}

// initdb takes over a second, and a copy of its result a fifth of that. So the first test program
// in a build folder leaves a copy for the others.
absl::Status MakeData(const fs::path& directory) {
  const fs::path data = directory / "data";
  const fs::path log = directory / "log";
  const fs::path cached = fs::path(LMSMAIL_POSTGRES_CACHE) / "data";
  std::error_code ignored;
  if (fs::exists(cached, ignored)) {
    if (RunToEnd({{"cp", "-a", cached, data}, log}).ok()) return absl::OkStatus();
    fs::remove_all(data, ignored);  // The cache belongs to another user.
  }
  LMSMAIL_RETURN_IF_ERROR(
      RunToEnd({AsServerUser({LMSMAIL_POSTGRES_BIN "/initdb", "-D", data, "-U", "postgres", "-A",
                              "peer", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions",
                              "--no-sync", "--wal-segsize=1"}),
                log}));
  const fs::path fresh = fmt::format("{}.{}", cached.string(), directory.filename().string());
  fs::create_directories(fresh.parent_path(), ignored);
  if (RunToEnd({{"cp", "-a", data, fresh}, log}).ok()) fs::rename(fresh, cached, ignored);
  fs::remove_all(fresh, ignored);  // Left when another program was faster.
  return absl::OkStatus();
}

absl::StatusOr<int> StartGuardian(const fs::path& directory) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Errno("pipe2");
  const absl::Status status = RunToEnd(
      {{"setsid", "--fork", "sh", "-c", kGuardian, "sh", directory}, "/dev/null", ends[0]});
  ::close(ends[0]);
  if (!status.ok()) {
    ::close(ends[1]);
    return status;
  }
  return ends[1];
}

// The server's processes. Each has its own process group.
std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", parent));
  std::vector<pid_t> children;
  for (pid_t child; file >> child;) children.push_back(child);
  return children;
}

absl::Status Execute(const std::string& dsn, const std::string& sql) {
  try {
    pqxx::connection connection(dsn);
    pqxx::nontransaction(connection).exec(sql);
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return ToStatus(sql, error);
  }
}

std::string RandomPassword() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

std::string TemplateName(std::string_view schema, const SchemaDefinition& definition) {
  std::string all;
  for (const auto files : {definition.migrations, definition.functions}) {
    for (const SqlFile& file : files) all.append(file.name).append(file.sql);
  }
  return fmt::format("template_{}_{:x}", schema, std::hash<std::string>()(all));
}

}  // namespace

EmbeddedPostgres& EmbeddedPostgres::Shared() {
  static const std::unique_ptr<EmbeddedPostgres> shared = [] {
    absl::StatusOr<std::unique_ptr<EmbeddedPostgres>> created = Create();
    if (!created.ok()) throw std::runtime_error(created.status().ToString());
    return *std::move(created);
  }();
  return *shared;
}

absl::StatusOr<std::unique_ptr<EmbeddedPostgres>> EmbeddedPostgres::Create() {
  LMSMAIL_ASSIGN_OR_RETURN(const fs::path directory, MakeDirectory());
  std::unique_ptr<EmbeddedPostgres> server(new EmbeddedPostgres(directory));
  LMSMAIL_ASSIGN_OR_RETURN(server->guardian_, StartGuardian(directory));
  LMSMAIL_RETURN_IF_ERROR(MakeData(directory));
  LMSMAIL_RETURN_IF_ERROR(server->WriteAuthentication());
  LMSMAIL_RETURN_IF_ERROR(server->Start());
  return server;
}

EmbeddedPostgres::EmbeddedPostgres(fs::path directory)
    : directory_(std::move(directory)), password_(RandomPassword()) {}

EmbeddedPostgres::~EmbeddedPostgres() {
  {
    absl::MutexLock lock(&mutex_);
    End(SIGQUIT).IgnoreError();
  }
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
  if (guardian_ >= 0) ::close(guardian_);
}

std::string EmbeddedPostgres::Dsn(std::string_view database) const {
  return fmt::format("host={} user=postgres dbname={}", directory_.string(), database);
}

std::string EmbeddedPostgres::Dsn(std::string_view database, std::string_view role) const {
  return fmt::format("{} user={}", DsnWithoutRole(database), role);
}

std::string EmbeddedPostgres::DsnWithoutRole(std::string_view database) const {
  return fmt::format("host={} dbname={} passfile={}", directory_.string(), database,
                     (directory_ / "pgpass").string());
}

absl::Status EmbeddedPostgres::CreateRole(std::string_view role) {
  return Execute(
      Dsn("postgres"),
      fmt::format("DO $$ BEGIN CREATE ROLE {} LOGIN PASSWORD '{}';"
                  " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
                  role, password_));
}

absl::StatusOr<std::string> EmbeddedPostgres::CopyDatabase(std::string_view from) {
  std::string name;
  {
    absl::MutexLock lock(&mutex_);
    name = fmt::format("test_{}", ++databases_);
  }
  LMSMAIL_RETURN_IF_ERROR(
      Execute(Dsn("postgres"), fmt::format("CREATE DATABASE {} TEMPLATE {}", name, from)));
  LMSMAIL_RETURN_IF_ERROR(
      Execute(Dsn("postgres"), fmt::format("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC", name)));
  return name;
}

absl::StatusOr<std::string> EmbeddedPostgres::NewDatabase() {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string name, CopyDatabase("template1"));
  return Dsn(name);
}

absl::StatusOr<EmbeddedPostgres::Migrated> EmbeddedPostgres::NewDatabase(
    std::string_view schema, const SchemaDefinition& definition) {
  const std::string from = TemplateName(schema, definition);
  const std::string role = fmt::format("lmsmail_{}", schema);
  {
    absl::MutexLock lock(&template_mutex_);
    if (!templates_.contains(from)) {
      LMSMAIL_RETURN_IF_ERROR(MakeTemplate(from, schema, role, definition));
      templates_.insert(from);
    }
  }
  LMSMAIL_ASSIGN_OR_RETURN(const std::string name, CopyDatabase(from));
  return Migrated{.owner_dsn = Dsn(name, kMigrator), .dsn = Dsn(name, role)};
}

absl::Status EmbeddedPostgres::MakeTemplate(std::string_view database, std::string_view schema,
                                            const std::string& service_role,
                                            const SchemaDefinition& definition) {
  LMSMAIL_RETURN_IF_ERROR(CreateRole(kMigrator));
  LMSMAIL_RETURN_IF_ERROR(CreateRole(service_role));
  LMSMAIL_RETURN_IF_ERROR(Execute(Dsn("postgres"), fmt::format("CREATE DATABASE {}", database)));
  LMSMAIL_RETURN_IF_ERROR(
      Execute(Dsn("postgres"), fmt::format("REVOKE TEMPORARY ON DATABASE {0} FROM PUBLIC;"
                                           "GRANT CREATE ON DATABASE {0} TO {1}",
                                           database, kMigrator)));
  return Migrate(Dsn(database, kMigrator), schema, definition, {.service_role = service_role});
}

// Peer authentication names the user at the other end of the socket. Root is one of them, while the
// server runs as "postgres".
absl::Status EmbeddedPostgres::WriteAuthentication() const {
  const passwd* user = ::getpwuid(::geteuid());
  const std::string name = user == nullptr ? "postgres" : user->pw_name;
  const fs::path password_file = directory_ / "pgpass";
  std::ofstream(directory_ / "pg_hba.conf")
      << "local all postgres peer map=tester\nlocal replication postgres peer map=tester\n"
         "local all all scram-sha-256\n";
  std::ofstream(directory_ / "pg_ident.conf")
      << fmt::format("tester {} postgres\ntester postgres postgres\n", name);
  std::ofstream(password_file) << fmt::format("*:*:*:*:{}\n", password_);
  if (::chmod(password_file.c_str(), 0600) != 0) return Errno(password_file.string());
  LMSMAIL_RETURN_IF_ERROR(GiveToServerUser(directory_ / "pg_hba.conf"));
  return GiveToServerUser(directory_ / "pg_ident.conf");
}

absl::Status EmbeddedPostgres::Start() {
  absl::MutexLock lock(&mutex_);
  if (postmaster_ != 0) return absl::FailedPreconditionError("PostgreSQL is already running");
  const std::string dsn = Dsn("postgres");
  const absl::Time deadline = absl::Now() + kStartTimeout;
  while (absl::Now() < deadline) {
    if (postmaster_ == 0) LMSMAIL_RETURN_IF_ERROR(Launch());
    if (PQping(dsn.c_str()) == PQPING_OK) return absl::OkStatus();
    // The server exits while processes of a killed server are still ending.
    if (::waitpid(postmaster_, nullptr, WNOHANG) == postmaster_) postmaster_ = 0;
    absl::SleepFor(kPollInterval);
  }
  return absl::DeadlineExceededError(
      fmt::format("PostgreSQL does not start:\n{}", Tail(directory_ / "log")));
}

absl::Status EmbeddedPostgres::Launch() {
  std::vector<std::string> argv = {LMSMAIL_POSTGRES_BIN "/postgres", "-D", directory_ / "data"};
  // Autovacuum is off, so that nothing happens that the test does not do.
  std::vector<std::string> settings = {
      "listen_addresses=",
      "unix_socket_directories=" + directory_.string(),
      "hba_file=" + (directory_ / "pg_hba.conf").string(),
      "ident_file=" + (directory_ / "pg_ident.conf").string(),
      "fsync=off",
      fmt::format("full_page_writes={}", archiving_ ? "on" : "off"),  // needed by a backup
      "shared_buffers=32MB",
      "max_connections=100",
      "autovacuum=off",
      "timezone=UTC",
      "log_line_prefix=%m [%p] %a ",
  };
  if (archiving_) {
    settings.insert(settings.end(),
                    {"wal_level=replica", "max_wal_senders=2", "archive_mode=on",
                     fmt::format("archive_command=cp %p {}/%f", Archive().string())});
  } else {
    settings.insert(settings.end(), {"wal_level=minimal", "max_wal_senders=0"});
  }
  for (const std::string& setting : settings) {
    argv.emplace_back("-c");
    argv.push_back(setting);
  }
  LMSMAIL_ASSIGN_OR_RETURN(postmaster_, Spawn({AsServerUser(argv), directory_ / "log"}));
  return absl::OkStatus();
}

absl::Status EmbeddedPostgres::End(int signal) {
  if (postmaster_ == 0) return absl::OkStatus();
  std::vector<pid_t> doomed;
  if (signal == SIGKILL) doomed = ChildrenOf(postmaster_);
  if (::kill(postmaster_, signal) != 0) return Errno("kill");
  for (const pid_t pid : doomed) ::kill(pid, signal);
  while (::waitpid(postmaster_, nullptr, 0) < 0) {
    if (errno != EINTR) return Errno("waitpid");
  }
  postmaster_ = 0;
  return absl::OkStatus();
}

absl::Status EmbeddedPostgres::Stop() {
  absl::MutexLock lock(&mutex_);
  return End(SIGINT);  // "fast" shutdown
}

absl::Status EmbeddedPostgres::KillHard() {
  absl::MutexLock lock(&mutex_);
  return End(SIGKILL);
}

absl::Status EmbeddedPostgres::Restart() {
  LMSMAIL_RETURN_IF_ERROR(Stop());
  return Start();
}

absl::Status EmbeddedPostgres::StartArchiving() {
  LMSMAIL_RETURN_IF_ERROR(RunToEnd({AsServerUser({"/usr/bin/mkdir", Archive()}), Log()}));
  {
    absl::MutexLock lock(&mutex_);
    archiving_ = true;
  }
  return Restart();
}

absl::Status EmbeddedPostgres::BaseBackup() const {
  return RunToEnd({AsServerUser({LMSMAIL_POSTGRES_BIN "/pg_basebackup", "-h", directory_, "-U",
                                 "postgres", "-D", directory_ / "backup", "--checkpoint=fast",
                                 "--no-sync", "--wal-method=none", "--no-manifest"}),
                   Log()});
}

absl::Status EmbeddedPostgres::RestoreTo(std::string_view time) {
  const std::string dsn = Dsn("postgres");
  const auto wait_until = [&](const std::string& condition) -> absl::Status {
    const absl::Time deadline = absl::Now() + kStartTimeout;
    std::string error = "no";
    while (absl::Now() < deadline) {
      try {
        pqxx::connection connection(dsn);
        if (pqxx::nontransaction(connection).exec1("SELECT " + condition)[0].as<bool>()) {
          return absl::OkStatus();
        }
      } catch (const std::exception& failure) {  // it still starts
        error = failure.what();
      }
      absl::SleepFor(kPollInterval);
    }
    return absl::DeadlineExceededError(fmt::format("{}: {}\n{}", condition, error, Tail(Log())));
  };
  std::string last;
  try {
    pqxx::connection connection(dsn);
    last = pqxx::nontransaction(connection)
               .exec1("SELECT pg_walfile_name(pg_switch_wal())")[0]
               .c_str();
  } catch (const std::exception& failure) {
    return ToStatus("pg_switch_wal", failure);
  }
  LMSMAIL_RETURN_IF_ERROR(
      wait_until(fmt::format("last_archived_wal >= '{}' FROM pg_stat_archiver", last)));
  LMSMAIL_RETURN_IF_ERROR(KillHard());
  std::error_code error;
  fs::rename(directory_ / "data", directory_ / "lost", error);
  if (!error) fs::rename(directory_ / "backup", directory_ / "data", error);
  if (error) return absl::InternalError(error.message());
  std::ofstream(directory_ / "data/postgresql.auto.conf", std::ios::app) << fmt::format(
      "restore_command = 'cp {}/%f \"%p\"'\nrecovery_target_time = '{}'\n"
      "recovery_target_action = promote\n",
      Archive().string(), time);
  std::ofstream(directory_ / "data/recovery.signal").flush();
  LMSMAIL_RETURN_IF_ERROR(GiveToServerUser(directory_ / "data/recovery.signal"));
  LMSMAIL_RETURN_IF_ERROR(Start());
  return wait_until("NOT pg_is_in_recovery()");
}

absl::Status EmbeddedPostgres::TerminateBackends() const {
  // The second argument makes the call wait until each backend has ended.
  return Execute(Dsn("postgres"),
                 "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                 "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
}

}  // namespace lmsmail::postgres
