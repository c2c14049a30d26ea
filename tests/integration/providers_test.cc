// Mail through the HTTP APIs of SendGrid and Mailgun, which fail in the ways they document.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "libs/testing/temporary_folder.h"
#include "tests/integration/suite/fake_provider.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

using nlohmann::json;
namespace pb = dispatch::v1;

class ProvidersTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(auto provider, FakeProvider::Start(GetParam(), folder_.path()));
    provider_ = std::make_unique<FakeProvider>(std::move(provider));
    ASSERT_OK_AND_ASSIGN(suite_, Suite::Start({.services = {"template", "preference", "dispatch"},
                                               .flags = {{"dispatch", provider_->DispatchFlags()}},
                                               .install_templates = false}));
    ASSERT_OK(CreateGreeting(*suite_, "news", type::v1::CATEGORY_ANNOUNCEMENT));
    ASSERT_OK(CreateGreeting(*suite_, "receipt", type::v1::CATEGORY_PAYMENT));
  }

  // The number of mails in `state`.
  std::size_t CountIn(pb::State state) {
    pb::ListMessagesRequest request;
    request.set_state(state);
    const auto messages = ListMessages(suite_->dispatch(), request);
    EXPECT_OK(messages);
    return messages.ok() ? messages->size() : 0;
  }
  // How often each mail was accepted, by our id.
  std::map<std::string, int> Accepted() {
    std::map<std::string, int> accepted;
    for (const json& mail : provider_->Ledger()) {
      ++accepted[mail["id"].get<std::string>() + mail["recipient"].get<std::string>()];
    }
    return accepted;
  }
  int Requests() {
    const auto statistics = provider_->Statistics();
    EXPECT_OK(statistics);
    return statistics.ok() ? (*statistics)["requests"].get<int>() : 0;
  }
  int CountInLog(std::string_view text) {
    int count = 0;
    const std::string log = suite_->Log("dispatch");
    for (std::size_t at = 0; (at = log.find(text, at)) != std::string::npos; ++at) ++count;
    return count;
  }

  TemporaryFolder folder_;
  std::unique_ptr<FakeProvider> provider_;
  std::unique_ptr<Suite> suite_;
};

TEST_P(ProvidersTest, DeliversABatchInFewRequests) {
  ASSERT_OK(GreetMany(*suite_, "news", "reader", 500));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite_->dispatch()));
  EXPECT_EQ(CountIn(pb::STATE_SENT), 500u);
  EXPECT_EQ(Accepted().size(), 500u);
  EXPECT_LT(Requests(), 250) << "mails that share their content share requests";
  for (const json& mail : provider_->Ledger()) {
    EXPECT_EQ(mail["visible_recipients"], 1) << "recipients may not see each other";
  }
}

TEST_P(ProvidersTest, ARevokedKeyFailsNoMailAndIsLoggedOnce) {
  ASSERT_OK(provider_->Fail({{"mode", "revoked"}}));
  ASSERT_OK(GreetMany(*suite_, "news", "reader", 200));
  ASSERT_OK(WaitUntil("the circuit breaker opens",
                      [&] { return CountInLog("circuit breaker opened") > 0; }));
  EXPECT_EQ(CountInLog("circuit breaker opened"), 1);
  EXPECT_EQ(CountIn(pb::STATE_FAILED), 0u);
  EXPECT_TRUE(Accepted().empty());
  ASSERT_OK(provider_->Fail({{"mode", "none"}}));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite_->dispatch()));
  EXPECT_EQ(CountIn(pb::STATE_SENT), 200u);
  for (const auto& [id, count] : Accepted()) EXPECT_EQ(count, 1) << id;
}

TEST_P(ProvidersTest, ALostAnswerIsUncertainAndHandledByCategory) {
  ASSERT_OK(provider_->Fail({{"mode", "cut-after-accept"}, {"for_requests", 2}}));
  ASSERT_OK(Register(*suite_, {"ann", "bob"}));
  ASSERT_OK(Send(*suite_, Greet("news", "ann", "news/1")));
  ASSERT_OK(WaitForState(*suite_, "ann", pb::STATE_UNCERTAIN));
  ASSERT_OK(Send(*suite_, Greet("receipt", "bob", "receipt/1")));
  ASSERT_OK(WaitForState(*suite_, "bob", pb::STATE_SENT));
  std::multiset<int> copies;
  for (const auto& [_, count] : Accepted()) copies.insert(count);
  EXPECT_EQ(copies, (std::multiset<int>{1, 2})) << "a receipt is sent again, a newsletter is not";
}

TEST_P(ProvidersTest, TroubleOfTheProviderDelaysMailAndLosesNone) {
  for (const char* mode : {"429", "500", "503", "cut-before-body", "wrong-body"}) {
    SCOPED_TRACE(mode);
    ASSERT_OK(provider_->Fail({{"mode", mode}, {"for_requests", 2}, {"reset_seconds", 1}}));
    ASSERT_OK(GreetMany(*suite_, "receipt", std::string("at-") + mode, 20));
    ASSERT_OK(WaitUntilQueueIsEmpty(suite_->dispatch()));
  }
  EXPECT_EQ(CountIn(pb::STATE_SENT), 100u);
  EXPECT_EQ(CountIn(pb::STATE_FAILED), 0u);
  for (const auto& [id, count] : Accepted()) EXPECT_EQ(count, 1) << id;
}

TEST_P(ProvidersTest, TestTransportTriesTheKey) {
  pb::TestTransportRequest request;
  request.set_transport("provider");
  ASSERT_OK_AND_ASSIGN(auto tested, Call(suite_->dispatch(), &Dispatch::TestTransport, request));
  EXPECT_TRUE(tested.ok()) << tested.ShortDebugString();
  ASSERT_OK(provider_->Fail({{"mode", "revoked"}}));
  ASSERT_OK_AND_ASSIGN(tested, Call(suite_->dispatch(), &Dispatch::TestTransport, request));
  EXPECT_FALSE(tested.ok()) << tested.ShortDebugString();
  EXPECT_TRUE(Accepted().empty());
}

INSTANTIATE_TEST_SUITE_P(All, ProvidersTest, ::testing::Values("sendgrid", "mailgun"),
                         [](const auto& provider) { return provider.param; });

}  // namespace
}  // namespace lmsmail::integration
