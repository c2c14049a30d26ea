#include "services/dispatch/transports/smtp_transport.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"

#include "libs/clock/clock.h"
#include "libs/smtp/fault.h"
#include "libs/smtp/testing/scripted_server.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/transports/circuit_breaker.h"

// The SMTP transport behind its circuit breaker, against a server that speaks SMTP.
namespace lmsmail::dispatch {
namespace {

using smtp::testing::ScriptedServer;
using smtp::testing::ServerOptions;
using smtp::testing::Step;
using Kind = DeliveryResult::Kind;

class SmtpTransportTest : public testing::Test {
 protected:
  void Start(const smtp::Options& options) {
    SenderIdentity sender;
    sender.from = {"", *address::ParseEmailAddress("noreply@school.example")};
    ASSERT_OK_AND_ASSIGN(auto smtp,
                         SmtpTransport::Create("relay", sender, options, 0, nullptr,
                                               [this](const absl::Status& status) {
                                                 absl::MutexLock lock(&mutex_);
                                                 connections_.push_back(smtp::FaultOf(status));
                                               }));
    transport_ =
        std::make_unique<CircuitBreaker>(std::move(smtp), clock_, CircuitBreaker::Options());
  }
  void TearDown() override { transport_->Shutdown(absl::ZeroDuration()); }

  void Send(int mails) {
    for (int i = 0; i < mails; ++i) {
      OutgoingMail mail;
      mail.envelope_from = "bounces@school.example";
      mail.recipient = "ann@students.example";
      mail.message = "Subject: Test\r\n\r\nHello.\r\n";
      transport_->Send(std::move(mail), [this](DeliveryResult result) {
        absl::MutexLock lock(&mutex_);
        results_.push_back(std::move(result));
      });
    }
  }
  std::vector<DeliveryResult> WaitForResults(std::size_t count) {
    const auto done = [&] { return results_.size() >= count; };
    absl::MutexLock lock(&mutex_);
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&done), absl::Seconds(10)));
    return std::exchange(results_, {});
  }
  void ExpectAll(Kind kind, std::size_t count) {
    for (const DeliveryResult& result : WaitForResults(count)) EXPECT_EQ(result.kind, kind);
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  absl::Mutex mutex_;
  std::vector<DeliveryResult> results_ ABSL_GUARDED_BY(mutex_);
  std::vector<smtp::Fault> connections_ ABSL_GUARDED_BY(mutex_);  // kNone: one is ready
  std::unique_ptr<CircuitBreaker> transport_;
};

TEST_F(SmtpTransportTest, ARefusedPasswordCostsOneLoginForEachProbe) {
  ScriptedServer server({.tls = smtp::TlsMode::kStartTls, .auth_mechanisms = {"PLAIN"}});
  server.Inject({.at = Step::kConnect, .hold = true});
  smtp::Options options = server.ClientOptions();
  options.credentials = {.username = "user", .password = "revoked"};
  options.max_connections = 8;
  Start(options);
  Send(30);
  server.Release();
  ExpectAll(Kind::kBreakerOpen, 30);
  EXPECT_EQ(server.Count(Step::kConnect), 1u);
  for (std::size_t probes = 1; probes <= 3; ++probes) {
    clock_.Advance(transport_->health().until - clock_.Now());
    Send(30);
    ExpectAll(Kind::kBreakerOpen, 30);
    EXPECT_EQ(server.Count(Step::kConnect), 1 + probes);
  }
}

TEST_F(SmtpTransportTest, AQuotaThatEndsAmidABatchFailsNoMail) {
  ScriptedServer server(ServerOptions{});
  server.Inject({.at = Step::kMail, .reply = "550 5.4.5 Daily limit exceeded", .every_time = true});
  Start(server.ClientOptions());
  Send(200);
  ExpectAll(Kind::kBreakerOpen, 200);
  EXPECT_EQ(transport_->health().until, clock_.Now() + absl::Hours(1));
}

TEST_F(SmtpTransportTest, ARefusedGreetingOrEhloOpensTheBreaker) {
  for (const Step step : {Step::kConnect, Step::kEhlo}) {
    ScriptedServer server(ServerOptions{});
    server.Inject({.at = step, .reply = "554 5.5.4 refused", .every_time = true});
    server.Inject({.at = Step::kHelo, .reply = "554 5.5.4 refused", .every_time = true});
    Start(server.ClientOptions());
    Send(1);
    ExpectAll(Kind::kBreakerOpen, 1);
    transport_->Shutdown(absl::ZeroDuration());
  }
}

TEST_F(SmtpTransportTest, ReportsEachFaultyConnectionOnceWhateverMailWaits) {
  smtp::Options options;
  {
    ScriptedServer server(ServerOptions{});
    server.Inject({.at = Step::kConnect, .disconnect = true, .hold = true});
    options = server.ClientOptions();
    Start(options);
    Send(30);
    server.Release();
    ExpectAll(Kind::kConnectionError, 30);
    Send(1);
    ExpectAll(Kind::kAccepted, 1);
    transport_->Shutdown(absl::ZeroDuration());
    absl::MutexLock lock(&mutex_);
    EXPECT_EQ(connections_, (std::vector{smtp::Fault::kClosed, smtp::Fault::kNone}));
    connections_.clear();
  }
  Start(options);
  Send(1);
  ExpectAll(Kind::kConnectionError, 1);
  transport_->Shutdown(absl::ZeroDuration());
  absl::MutexLock lock(&mutex_);
  EXPECT_EQ(connections_, std::vector{smtp::Fault::kRefused});
}

TEST_F(SmtpTransportTest, TheFaultTellsWhatIsWrongWithTls) {
  ScriptedServer plain(ServerOptions{});
  smtp::Options options = plain.ClientOptions();
  options.tls.mode = smtp::TlsMode::kStartTls;
  Start(options);
  Send(1);
  ExpectAll(Kind::kConnectionError, 1);
  transport_->Shutdown(absl::ZeroDuration());

  ScriptedServer encrypted({.tls = smtp::TlsMode::kStartTls});
  options = encrypted.ClientOptions();
  options.tls.server_name = "mx.elsewhere.example";
  Start(options);
  Send(1);
  ExpectAll(Kind::kConnectionError, 1);
  transport_->Shutdown(absl::ZeroDuration());
  absl::MutexLock lock(&mutex_);
  EXPECT_EQ(connections_,
            (std::vector{smtp::Fault::kStartTlsNotOffered, smtp::Fault::kCertificate}));
}

}  // namespace
}  // namespace lmsmail::dispatch
