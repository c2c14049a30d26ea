#include "libs/postgres/testing/embedded_postgres.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <string>

#include "absl/time/clock.h"

#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

constexpr SqlFile kMigrations[] = {{"0001_note", "CREATE TABLE note (text text)"}};

std::string Query(const std::string& dsn, const std::string& sql) {
  pqxx::connection connection(dsn);
  return pqxx::nontransaction(connection).exec1(sql)[0].c_str();
}

TEST(EmbeddedPostgresTest, DatabasesAreSeparateCopies) {
  ASSERT_OK_AND_ASSIGN(const auto one,
                       EmbeddedPostgres::Shared().NewDatabase("school", {kMigrations}));
  ASSERT_OK_AND_ASSIGN(const auto other,
                       EmbeddedPostgres::Shared().NewDatabase("school", {kMigrations}));
  Query(one.dsn, "INSERT INTO school.note VALUES ('hello') RETURNING 1");
  EXPECT_EQ(Query(one.dsn, "SELECT count(*) FROM school.note"), "1");
  EXPECT_EQ(Query(other.dsn, "SELECT count(*) FROM school.note"), "0");
}

TEST(EmbeddedPostgresTest, TrustsNobody) {
  EmbeddedPostgres& server = EmbeddedPostgres::Shared();
  ASSERT_OK(server.CreateRole("clerk"));
  EXPECT_EQ(Query(server.Dsn("postgres", "clerk"), "SELECT current_user"), "clerk");
  EXPECT_THROW(Query(server.Dsn("postgres", "clerk") + " passfile=/dev/null", "SELECT 1"),
               pqxx::broken_connection);
  const std::filesystem::path directory =
      Query(server.Dsn("postgres"), "SHOW unix_socket_directories");
  EXPECT_EQ(std::filesystem::status(directory).permissions(), std::filesystem::perms::owner_all);
}

TEST(EmbeddedPostgresTest, ServersRunSideBySide) {
  ASSERT_OK_AND_ASSIGN(const auto one, EmbeddedPostgres::Create());
  ASSERT_OK_AND_ASSIGN(const auto other, EmbeddedPostgres::Create());
  EXPECT_NE(Query(one->Dsn("postgres"), "SHOW unix_socket_directories"),
            Query(other->Dsn("postgres"), "SHOW unix_socket_directories"));
}

TEST(EmbeddedPostgresTest, CommittedDataSurvivesHardKill) {
  ASSERT_OK_AND_ASSIGN(const auto server, EmbeddedPostgres::Create());
  ASSERT_OK_AND_ASSIGN(const auto database, server->NewDatabase("school", {kMigrations}));
  const std::string& dsn = database.dsn;
  Query(dsn, "INSERT INTO school.note VALUES ('hello') RETURNING 1");
  ASSERT_OK(server->KillHard());
  EXPECT_THROW(Query(dsn, "SELECT 1"), pqxx::broken_connection);
  ASSERT_OK(server->Start());
  EXPECT_EQ(Query(dsn, "SELECT text FROM school.note"), "hello");
}

TEST(EmbeddedPostgresTest, RemovesServerOfCrashedProgram) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t program = ::fork();
  if (program == 0) {
    const auto server = EmbeddedPostgres::Create();
    const std::string directory =
        server.ok() ? Query((*server)->Dsn("postgres"), "SHOW unix_socket_directories") : "";
    (void)!::write(ends[1], directory.data(), directory.size());
    ::raise(SIGKILL);
  }
  ::close(ends[1]);
  ::waitpid(program, nullptr, 0);
  char buffer[200];
  const ssize_t size = ::read(ends[0], buffer, sizeof buffer);
  ::close(ends[0]);
  ASSERT_GT(size, 0) << "the server did not start";
  const std::string directory(buffer, static_cast<std::size_t>(size));

  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (std::filesystem::exists(directory) && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  // The guardian removes the directory only when the server has ended.
  EXPECT_FALSE(std::filesystem::exists(directory));
}

}  // namespace
}  // namespace lmsmail::postgres
