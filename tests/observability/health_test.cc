// A service that cannot do its work is not ready; one that misses a peer is ready and degraded.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <pqxx/pqxx>
#include <string>

#include "libs/rpc/channel.h"
#include "libs/rpc/health_check.h"
#include "tests/integration/suite/gateway.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/integration/suite/wait.h"
#include "tests/observability/scrape.h"

namespace lmsmail::observability {
namespace {

using integration::Gateway;
using integration::WaitUntil;
using ::testing::HasSubstr;

class HealthTest : public integration::SuiteTest {
 protected:
  static bool Exports(std::string_view service, const std::string& line) {
    return Scrape(suite().MetricsTarget(service)).find("\n" + line + "\n") != std::string::npos;
  }
  static absl::Status WaitUntilNotServing(std::string_view service) {
    return WaitUntil(fmt::format("{} is NOT_SERVING", service), [&] {
      const absl::StatusOr<bool> serving = suite().IsServing(service);
      return serving.ok() && !*serving;
    });
  }
  static absl::StatusOr<bool> ServesPeer(std::string_view service, const std::string& peer) {
    const auto channel = rpc::NewChannel({.target = suite().Target(service)});
    if (!channel.ok()) return channel.status();
    return rpc::IsServing(*channel, "peer/" + peer);
  }
};

TEST_F(HealthTest, AServiceThatMissesAPeerIsReadyAndSaysSo) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Gateway> gateway, Gateway::Start(suite()));
  EXPECT_TRUE(Exports("dispatch", "lmsmail_degraded{peer=\"preference\"} 0"));
  EXPECT_THAT(ServesPeer("dispatch", "preference"), IsOkAndHolds(true));

  ASSERT_OK(suite().Kill("preference"));
  EXPECT_OK(WaitUntil("dispatch is degraded", [&] {
    return Exports("dispatch", "lmsmail_degraded{peer=\"preference\"} 1");
  }));
  EXPECT_THAT(suite().IsServing("dispatch"), IsOkAndHolds(true));
  EXPECT_THAT(ServesPeer("dispatch", "preference"), IsOkAndHolds(false));
  EXPECT_THAT(ServesPeer("dispatch", "template"), IsOkAndHolds(true));
  EXPECT_TRUE(Exports("dispatch", "lmsmail_serving 1"));
  EXPECT_THAT(suite().Log("dispatch"), HasSubstr("degraded: a peer is missing"));
  constexpr char kReady[] = "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  EXPECT_OK(WaitUntil("the gateway says so", [&] {
    const auto answer = gateway->SendAdmin(kReady);
    return answer.status == 200 && answer.body == "ok\ndegraded: preference\n";
  }));

  ASSERT_OK(suite().Restart("preference"));
  EXPECT_OK(WaitUntil("dispatch has it back", [&] {
    return Exports("dispatch", "lmsmail_degraded{peer=\"preference\"} 0");
  }));
  EXPECT_THAT(ServesPeer("dispatch", "preference"), IsOkAndHolds(true));
}

TEST_F(HealthTest, DispatchIsNotReadyWithoutItsStateDirectory) {
  const std::filesystem::path directory = suite().folder() / "state";
  const std::filesystem::path away = suite().folder() / "away";
  std::filesystem::rename(directory, away);
  EXPECT_OK(WaitUntilNotServing("dispatch"));
  EXPECT_THAT(suite().Log("dispatch"), HasSubstr("worker.state_directory: cannot write to"));
  std::filesystem::rename(away, directory);
  EXPECT_OK(suite().WaitUntilServing("dispatch"));
  EXPECT_OK(WaitUntil("no probe of the directory leaves a file behind", [&] {
    return std::ranges::all_of(
        std::filesystem::directory_iterator(directory),
        [](const auto& file) { return file.path().extension() == ".journal"; });
  }));
}

TEST_F(HealthTest, NoServiceIsReadyWhileTheDatabaseIsReadOnly) {
  const auto set_read_only = [](bool on) {
    pqxx::connection connection(suite().dsn() + " user=postgres");
    pqxx::nontransaction session(connection);
    session.exec("SET default_transaction_read_only = off");
    session.exec(on ? "ALTER SYSTEM SET default_transaction_read_only = on"
                    : "ALTER SYSTEM RESET default_transaction_read_only");
    session.exec("SELECT pg_reload_conf()");
  };
  set_read_only(true);
  for (const std::string_view service : suite().services()) {
    EXPECT_OK(WaitUntilNotServing(service));
  }
  EXPECT_THAT(suite().Log("dispatch"), HasSubstr("the database is read-only"));
  set_read_only(false);
  for (const std::string_view service : suite().services()) {
    EXPECT_OK(suite().WaitUntilServing(service));
  }
}

}  // namespace
}  // namespace lmsmail::observability
