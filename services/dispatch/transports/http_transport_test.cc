#include "services/dispatch/transports/http_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"

#include "libs/http_client/testing/scripted_server.h"
#include "libs/smtp/fault.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/provider_mail.h"
#include "services/dispatch/transports/sendgrid_api.h"

namespace lmsmail::dispatch {
namespace {

using http_client::testing::Answer;
using http_client::testing::ScriptedServer;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Kind = DeliveryResult::Kind;

std::string Response(int status, const std::string& body, const std::string& headers = "") {
  return fmt::format("HTTP/1.1 {} X\r\n{}Content-Length: {}\r\n\r\n{}", status, headers,
                     body.size(), body);
}
std::string Error(int status, const std::string& field) {
  return Response(status, fmt::format(R"({{"errors":[{{"message":"no","field":{}}}]}})", field));
}

class HttpTransportTest : public ::testing::Test {
 protected:
  void Start(std::vector<Answer> answers, absl::Duration linger = absl::ZeroDuration()) {
    server_ = std::make_unique<ScriptedServer>(std::move(answers));
    SenderIdentity sender;
    sender.from = {"", *address::ParseEmailAddress("mail@school.example")};
    HttpTransport::Options options;
    options.max_requests = 2;  // one of them for urgent mail
    options.lane.linger = linger;
    options.lane.max_queued = 100;
    ASSERT_OK_AND_ASSIGN(
        transport_, HttpTransport::Create(
                        "sendgrid", sender, std::make_unique<SendGridApi>(server_->url(), sender),
                        clock_, options, [this] { return key_; },
                        [this](std::uint64_t token) {
                          absl::MutexLock lock(&mutex_);
                          tokens_.push_back(token);
                        },
                        [this](const absl::Status& status) {
                          absl::MutexLock lock(&mutex_);
                          connections_.push_back(smtp::FaultOf(status));
                        }));
  }
  void TearDown() override {
    if (transport_) transport_->Shutdown(absl::ZeroDuration());
  }
  void Send(const std::string& name, bool may_send = true) {
    OutgoingMail mail = MailTo(name);
    mail.token = ++token_;
    mail.may_send = [may_send] { return may_send; };
    transport_->Send(std::move(mail), [this, name](DeliveryResult result) {
      absl::MutexLock lock(&mutex_);
      results_[name] = std::move(result);
    });
  }
  std::map<std::string, DeliveryResult> Results(std::size_t count) {
    const auto done = [&] { return results_.size() >= count; };
    absl::MutexLock lock(&mutex_);
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&done), absl::Seconds(20)));
    return results_;
  }
  std::size_t RequestsOf(const std::string& name) {
    std::size_t count = 0;
    for (const std::string& request : server_->requests()) {
      count += request.find(name + "@students.example") != std::string::npos;
    }
    return count;
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  absl::StatusOr<std::string> key_ = "SG.key";
  std::uint64_t token_ = 0;
  absl::Mutex mutex_;
  std::map<std::string, DeliveryResult> results_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::uint64_t> tokens_ ABSL_GUARDED_BY(mutex_);
  std::vector<smtp::Fault> connections_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<HttpTransport> transport_;
};

TEST_F(HttpTransportTest, MailsThatShareTheirContentShareARequest) {
  Start({{}}, absl::Milliseconds(200));
  for (const char* name : {"ann", "bob", "cid"}) Send(name);
  for (const auto& [_, result] : Results(3)) EXPECT_EQ(result.kind, Kind::kAccepted);
  EXPECT_THAT(server_->requests(), SizeIs(1));
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(tokens_, testing::ElementsAre(1, 2, 3)) << "each is in the journal before it is sent";
}

TEST_F(HttpTransportTest, ALostAnswerIsAmbiguousForEachMail) {
  Start({{.bytes = "", .close = true}}, absl::Milliseconds(200));
  Send("ann");
  Send("bob");
  for (const auto& [_, result] : Results(2)) EXPECT_EQ(result.kind, Kind::kAmbiguous);
}

TEST_F(HttpTransportTest, WithoutAServerNothingIsSent) {
  Start({});
  server_.reset();
  Send("ann");
  EXPECT_EQ(Results(1)["ann"].kind, Kind::kConnectionError);
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(connections_, Each(smtp::Fault::kRefused));
}

TEST_F(HttpTransportTest, OnlyTheMailThatARefusalNamesIsRefused) {
  Start({{.bytes = Error(400, "\"personalizations.1.to.0.email\"")}, {}}, absl::Milliseconds(200));
  for (const char* name : {"ann", "bob", "cid"}) Send(name);
  auto results = Results(3);
  EXPECT_EQ(results["ann"].kind, Kind::kAccepted);
  EXPECT_EQ(results["bob"].kind, Kind::kRefused);
  EXPECT_EQ(results["cid"].kind, Kind::kAccepted);
  EXPECT_EQ(RequestsOf("bob"), 1u);
}

TEST_F(HttpTransportTest, ARefusalThatNamesNoMailIsFoundByHalves) {
  const std::string content = Error(400, "\"content.0.value\"");
  // All four; ann and bob; ann; bob, who is the cause; cid and dan.
  Start({{.bytes = content}, {}, {.bytes = content}, {.bytes = content}, {}},
        absl::Milliseconds(200));
  for (const char* name : {"ann", "bob", "cid", "dan"}) Send(name);
  auto results = Results(4);
  int refused = 0;
  for (const auto& [_, result] : results) refused += result.kind == Kind::kRefused;
  EXPECT_EQ(refused, 1);
  EXPECT_THAT(server_->requests(), SizeIs(5));
}

TEST_F(HttpTransportTest, ARefusalOfUsConcernsAllAndIsNotRepeated) {
  Start({{.bytes = Error(401, "null")}}, absl::Milliseconds(200));
  for (const char* name : {"ann", "bob", "cid"}) Send(name);
  for (const auto& [_, result] : Results(3)) {
    EXPECT_EQ(result.kind, Kind::kRefused);
    EXPECT_TRUE(result.refusal->all_mail);
  }
  EXPECT_THAT(server_->requests(), SizeIs(1));
}

TEST_F(HttpTransportTest, MailWhoseLeaseIsOverIsNotSent) {
  Start({{}}, absl::Milliseconds(200));
  Send("ann");
  Send("bob", /*may_send=*/false);
  auto results = Results(2);
  EXPECT_EQ(results["ann"].kind, Kind::kAccepted);
  EXPECT_EQ(results["bob"].kind, Kind::kCancelled);
  EXPECT_EQ(RequestsOf("bob"), 0u);
}

TEST_F(HttpTransportTest, AKeyThatCannotBeReadSendsNothing) {
  Start({{}});
  key_ = absl::FailedPreconditionError("cannot be read");
  Send("ann");
  const DeliveryResult result = Results(1)["ann"];
  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_THAT(result.reply_text, HasSubstr("cannot be read"));
  EXPECT_THAT(server_->requests(), SizeIs(0));
}

TEST_F(HttpTransportTest, AFullQueueIsBusy) {
  Start({{.hang = true}});
  Send("first");
  while (server_->requests().empty()) std::this_thread::yield();
  for (int i = 0; i < 103; ++i) Send("student" + std::to_string(i));
  for (const auto& [_, result] : Results(3)) EXPECT_EQ(result.kind, Kind::kBusy);
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(results_, SizeIs(3)) << "a hundred wait";
}

TEST_F(HttpTransportTest, WithoutAllowedRequestsItIsBusy) {
  Start({{}});
  transport_->SetConnections(0);
  Send("ann");
  EXPECT_EQ(Results(1)["ann"].kind, Kind::kBusy);
}

TEST_F(HttpTransportTest, ShutdownCancelsWhatWaits) {
  Start({{.hang = true}});
  Send("ann");
  while (server_->requests().empty()) std::this_thread::yield();
  Send("bob");
  transport_->Shutdown(absl::ZeroDuration());
  auto results = Results(2);
  EXPECT_EQ(results["ann"].kind, Kind::kAmbiguous);
  EXPECT_EQ(results["bob"].kind, Kind::kCancelled);
  Send("cid");
  EXPECT_EQ(Results(3)["cid"].kind, Kind::kBusy);
}

TEST_F(HttpTransportTest, TestsTheKeyWithoutMail) {
  Start({{.bytes = Response(200, R"({"scopes":["mail.send"]})")}, {.bytes = Error(401, "null")}});
  EXPECT_OK(transport_->Test(absl::Seconds(10)));
  EXPECT_THAT(transport_->Test(absl::Seconds(10)), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(server_->requests()[0], HasSubstr("GET /v3/scopes"));
}

}  // namespace
}  // namespace lmsmail::dispatch
