#include "services/dispatch/transports/connection_faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "libs/clock/clock.h"
#include "libs/smtp/outcome.h"
#include "libs/telemetry/testing/scoped_log_capture.h"

namespace lmsmail::dispatch {
namespace {

using smtp::Fault;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;

class ConnectionFaultsTest : public testing::Test {
 protected:
  void Fail(Fault fault) {
    faults_.OnConnection(smtp::WithFault(absl::UnavailableError("connecting: no"), fault));
  }
  void Refuse(smtp::Command command, int code) {
    faults_.OnConnection(smtp::ReplyError(command, {.code = code, .text = "no"}));
  }
  void Succeed() { faults_.OnConnection(absl::OkStatus()); }
  std::size_t Lines() const { return log_.events().size(); }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  std::vector<std::pair<std::string, Fault>> counted_;
  telemetry::ScopedLogCapture log_;
  ConnectionFaults faults_{"relay", "mx.example", 587, clock_,
                           [this](const std::string& transport, Fault fault) {
                             counted_.emplace_back(transport, fault);
                           }};
};

TEST_F(ConnectionFaultsTest, AnOutageIsOneLineWhenItBeginsAndOneWhenItEnds) {
  for (int minute = 0; minute < 30; ++minute) {
    Fail(Fault::kRefused);
    clock_.Advance(absl::Minutes(1));
  }
  EXPECT_EQ(Lines(), 1u);
  Succeed();
  Succeed();
  EXPECT_EQ(Lines(), 2u);
  EXPECT_THAT(counted_, SizeIs(30));
}

TEST_F(ConnectionFaultsTest, TheWarningSaysWhereWhyAndWhatToCheck) {
  Fail(Fault::kCertificate);
  ASSERT_EQ(Lines(), 1u);
  telemetry::LoggedEvent event = log_.events()[0];
  EXPECT_EQ(event.level, telemetry::Level::kWarning);
  EXPECT_EQ(event.fields["transport"], "relay");
  EXPECT_EQ(event.fields["host"], "mx.example");
  EXPECT_EQ(event.fields["port"], "587");
  EXPECT_EQ(event.fields["cause"], "certificate");
  EXPECT_EQ(event.fields["error"], "connecting: no");
  EXPECT_THAT(event.fields["remedy"], HasSubstr("tls_server_name"));
}

TEST_F(ConnectionFaultsTest, LogsOneFaultAMinuteAtMost) {
  for (int i = 0; i < 50; ++i) {
    Fail(i % 2 == 0 ? Fault::kRefused : Fault::kTimedOut);
    if (i % 3 == 0) Succeed();
  }
  EXPECT_EQ(Lines(), 2u);
  clock_.Advance(absl::Minutes(1));
  Fail(Fault::kCertificate);
  EXPECT_EQ(Lines(), 3u);
}

TEST_F(ConnectionFaultsTest, LogsANewCause) {
  Fail(Fault::kRefused);
  clock_.Advance(absl::Minutes(1));
  Fail(Fault::kTimedOut);
  EXPECT_EQ(Lines(), 2u);
}

TEST_F(ConnectionFaultsTest, CountsOnlyWhatTheCircuitBreakerLogs) {
  Refuse(smtp::Command::kAuth, 535);
  Refuse(smtp::Command::kConnect, 554);
  Refuse(smtp::Command::kStartTls, 502);
  faults_.OnConnection(smtp::LoginError("the token file cannot be read"));
  EXPECT_EQ(Lines(), 0u);
  EXPECT_THAT(counted_,
              ElementsAre(Pair("relay", Fault::kLogin), Pair("relay", Fault::kReply),
                          Pair("relay", Fault::kStartTlsNotOffered), Pair("relay", Fault::kLogin)));
  Refuse(smtp::Command::kConnect, 421);
  EXPECT_EQ(Lines(), 1u);
}

TEST_F(ConnectionFaultsTest, IgnoresWhatIsNoFault) {
  faults_.OnConnection(absl::CancelledError("the client is shutting down"));
  Succeed();
  EXPECT_EQ(Lines(), 0u);
  EXPECT_THAT(counted_, SizeIs(0));
}

TEST_F(ConnectionFaultsTest, EveryCauseHasARemedy) {
  for (int i = 1; i <= static_cast<int>(Fault::kLocal); ++i) {
    const auto fault = static_cast<Fault>(i);
    if (fault == Fault::kLogin) continue;
    clock_.Advance(absl::Minutes(1));
    const std::size_t before = Lines();
    Fail(fault);
    ASSERT_EQ(Lines(), before + 1) << smtp::NameOf(fault);
  }
}

}  // namespace
}  // namespace lmsmail::dispatch
