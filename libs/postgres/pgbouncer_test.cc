#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "libs/postgres/migration.h"
#include "libs/postgres/pool.h"
#include "libs/postgres/schema_check.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/testing/process.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

using ::testing::HasSubstr;

constexpr int kPort = 6432;  // in the name of the socket only
constexpr SqlFile kMigrations[] = {{"0001_note", "CREATE TABLE note (text text)"}};

// PgBouncer in front of a database, with more lines for its configuration.
class PgBouncer {
 public:
  PgBouncer(const std::string& database, const std::string& settings) {
    EmbeddedPostgres& server = EmbeddedPostgres::Shared();
    pqxx::connection connection(server.Dsn(database));
    directory_ = pqxx::nontransaction(connection).exec1("SHOW unix_socket_directories")[0].c_str();
    std::ifstream pgpass(directory_ / "pgpass");
    const std::string line((std::istreambuf_iterator<char>(pgpass)), {});
    const std::string password = line.substr(line.rfind(':') + 1, 32);
    const std::filesystem::path file = directory_ / "pgbouncer.ini";
    std::ofstream(file) << fmt::format(
        "[databases]\n{0} = host={1} user=bounced password={2}\n"
        "[pgbouncer]\nlisten_addr =\nunix_socket_dir = {1}\nlisten_port = {3}\n"
        "auth_type = any\n{4}\n",
        database, directory_.string(), password, kPort, settings);
    const auto spawned = Spawn({AsServerUser({"pgbouncer", file}), directory_ / "pgbouncer.log"});
    EXPECT_OK(spawned);
    if (spawned.ok()) pid_ = *spawned;
    dsn_ =
        fmt::format("host={} port={} dbname={} user=bounced", directory_.string(), kPort, database);
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (PQping(dsn_.c_str()) == PQPING_NO_RESPONSE && absl::Now() < deadline) {
      absl::SleepFor(absl::Milliseconds(5));
    }
  }
  ~PgBouncer() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGQUIT);  // at once
    ::waitpid(pid_, nullptr, 0);
    std::filesystem::remove(directory_ / fmt::format(".s.PGSQL.{}", kPort));
  }
  PgBouncer(const PgBouncer&) = delete;
  PgBouncer& operator=(const PgBouncer&) = delete;

  const std::string& dsn() const { return dsn_; }
  std::string Log() const { return Tail(directory_ / "pgbouncer.log"); }

 private:
  std::filesystem::path directory_;
  std::string dsn_;
  pid_t pid_ = 0;
};

class PgBouncerTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    EmbeddedPostgres& server = EmbeddedPostgres::Shared();
    ASSERT_OK(server.CreateRole("bounced"));
    ASSERT_OK_AND_ASSIGN(const std::string admin, server.NewDatabase());
    pqxx::connection connection(admin);
    database_ = connection.dbname();
    pqxx::nontransaction(connection)
        .exec(fmt::format("GRANT CREATE ON DATABASE {} TO bounced", database_));
  }

  static auto IsRefused() {
    return StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("PgBouncer"));
  }

  std::string database_;
};

INSTANTIATE_TEST_SUITE_P(
    Modes, PgBouncerTest,
    ::testing::Values("pool_mode = transaction",
                      "pool_mode = transaction\nignore_startup_parameters = options",
                      "pool_mode = session\nignore_startup_parameters = options"));

TEST_P(PgBouncerTest, IsRefused) {
  const PgBouncer bouncer(database_, GetParam());
  EXPECT_THAT(Migrate(bouncer.dsn(), "school", {kMigrations}), IsRefused()) << bouncer.Log();

  ASSERT_OK(Migrate(EmbeddedPostgres::Shared().Dsn(database_, "bounced"), "school", {kMigrations}));
  PoolOptions options;
  options.dsn = bouncer.dsn();
  options.schema = "school";
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(std::move(options)));
  EXPECT_THAT(CheckSchema(*pool, "school", {kMigrations}), IsRefused()) << bouncer.Log();
}

}  // namespace
}  // namespace lmsmail::postgres
