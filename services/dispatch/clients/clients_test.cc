#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"

#include "libs/render/renderer.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"
#include "services/dispatch/clients/preference_client.h"
#include "services/dispatch/clients/template_client.h"

namespace lmsmail::dispatch {
namespace {

namespace tpb = lmsmail::templates::v1;
namespace ppb = lmsmail::preference::v1;

class FakeTemplateService final : public tpb::TemplateService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetTemplate(grpc::CallbackServerContext* context,
                                        const tpb::GetTemplateRequest* request,
                                        tpb::Template* response) override {
    ++template_calls;
    response->set_name(request->name());
    response->set_category(lmsmail::type::v1::CATEGORY_CONTENT);
    response->set_published_version(published);
    return Finish(context);
  }
  grpc::ServerUnaryReactor* GetTemplateVersion(grpc::CallbackServerContext* context,
                                               const tpb::GetTemplateVersionRequest* request,
                                               tpb::TemplateVersion* response) override {
    ++version_calls;
    response->set_name(request->name());
    response->set_version(3);
    response->set_category(lmsmail::type::v1::CATEGORY_CONTENT);
    tpb::LocalizedContent& content = *response->add_contents();
    content.set_language_code("en");
    content.set_subject("{{course.title}}");
    content.set_text("{{#items}}[{{title}}]{{/items}}");
    content.set_html("<p>{{course.title}}</p>");
    const auto declare = [&](const char* name, tpb::Variable::Type type, bool required) {
      tpb::Variable& variable = *response->add_variables();
      variable.set_name(name);
      variable.set_type(type);
      variable.set_required(required);
    };
    declare("course.title", tpb::Variable::TYPE_STRING, true);
    declare("items", tpb::Variable::TYPE_LIST, true);
    declare("items.title", tpb::Variable::TYPE_STRING, true);
    return Finish(context);
  }

  std::atomic<int> template_calls = 0;
  std::atomic<int> version_calls = 0;
  std::atomic<int> published = 3;
  std::atomic<grpc::StatusCode> code = grpc::StatusCode::OK;

 private:
  grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext* context) const {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status(code, "set by the test"));
    return reactor;
  }
};

class TemplateClientTest : public testing::Test {
 protected:
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  FakeTemplateService service_;
  rpc::InProcessServer server_{{rpc::Host<tpb::TemplateService>(service_)}};
  TemplateClient client_{server_.NewStub<tpb::TemplateService>(), clock_, absl::Seconds(5)};
};

TEST_F(TemplateClientTest, CachesPublishedVersionForTwoSeconds) {
  ASSERT_OK_AND_ASSIGN(const TemplateRef ref,
                       client_.Resolve("new_content", std::nullopt, absl::InfiniteFuture()));
  EXPECT_EQ(ref, (TemplateRef{"new_content", 3, Category::kContent}));
  EXPECT_OK(client_.Resolve("new_content", std::nullopt, absl::InfiniteFuture()));
  EXPECT_EQ(service_.template_calls, 1);
  service_.published = 4;
  clock_.Advance(absl::Seconds(3));
  ASSERT_OK_AND_ASSIGN(const TemplateRef newer,
                       client_.Resolve("new_content", std::nullopt, absl::InfiniteFuture()));
  EXPECT_EQ(newer.version, 4);
}

TEST_F(TemplateClientTest, UsesCachedVersionDuringOutage) {
  ASSERT_OK(client_.Resolve("new_content", std::nullopt, absl::InfiniteFuture()));
  clock_.Advance(absl::Minutes(10));
  service_.code = grpc::StatusCode::RESOURCE_EXHAUSTED;
  ASSERT_OK_AND_ASSIGN(const TemplateRef stale,
                       client_.Resolve("new_content", std::nullopt, absl::InfiniteFuture()));
  EXPECT_EQ(stale.version, 3);
  EXPECT_FALSE(client_.Resolve("never_asked", std::nullopt, absl::InfiniteFuture()).ok());
  service_.code = grpc::StatusCode::NOT_FOUND;
  clock_.Advance(absl::Minutes(10));
  EXPECT_THAT(client_.Resolve("new_content", std::nullopt, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(TemplateClientTest, ReturnsFailedPreconditionForUnpublishedTemplate) {
  service_.published = 0;
  EXPECT_THAT(client_.Resolve("draft", std::nullopt, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(TemplateClientTest, FetchesAVersionOnceAndCompilesIt) {
  ASSERT_OK_AND_ASSIGN(const auto version, client_.Get("new_content", 3, absl::InfiniteFuture()));
  ASSERT_OK(client_.Get("new_content", 3, absl::InfiniteFuture()));
  EXPECT_EQ(service_.version_calls, 1);
  render::Renderer renderer;
  render::Rendered out;
  ASSERT_OK(renderer.Render(
      version->LanguageFor("en").compiled,
      StructFromJson(R"({"course": {"title": "C++"}, "items": [{"title": "a"}, {"title": "b"}]})"),
      {}, out));
  EXPECT_EQ(out.subject, "C++");
  EXPECT_EQ(out.text, "[a][b]");
  EXPECT_THAT(
      renderer.Render(version->LanguageFor("en").compiled,
                      StructFromJson(R"({"course": {"title": "C++"}, "items": [{"x": "a"}]})"), {},
                      out),
      StatusIs(absl::StatusCode::kFailedPrecondition));
}

class FakePreferenceService final : public ppb::PreferenceService::CallbackService {
 public:
  grpc::ServerUnaryReactor* CheckTracking(grpc::CallbackServerContext* context,
                                          const ppb::CheckTrackingRequest* request,
                                          ppb::CheckTrackingResponse* response) override {
    for (const std::string& name : request->recipients()) {
      response->add_allowed(name != "recipients/refused");
    }
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerUnaryReactor* CheckRecipients(grpc::CallbackServerContext* context,
                                            const ppb::CheckRecipientsRequest* request,
                                            ppb::CheckRecipientsResponse* response) override {
    {
      absl::MutexLock lock(&mutex);
      sizes.push_back(request->checks_size());
    }
    for (const auto& check : request->checks()) {
      ppb::Verdict& verdict = *response->add_verdicts();
      if (check.recipient() == "recipients/gone") {
        verdict.set_decision(ppb::Verdict::DECISION_SKIP);
        verdict.set_reason(ppb::Verdict::REASON_UNKNOWN_RECIPIENT);
        continue;
      }
      if (check.recipient() == "recipients/asleep") {
        verdict.set_decision(ppb::Verdict::DECISION_DEFER);
        verdict.set_reason(ppb::Verdict::REASON_QUIET_HOURS);
        verdict.mutable_retry_time()->set_seconds(1'800'000'000);
        continue;
      }
      if (check.recipient() != "recipients/new_decision") {
        verdict.set_decision(ppb::Verdict::DECISION_ALLOW);
      }
      verdict.set_email_address("ada@students.example");
      verdict.set_given_name("Ada");
      verdict.set_tracking_allowed(true);
    }
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerUnaryReactor* AddSuppression(grpc::CallbackServerContext* context,
                                           const ppb::AddSuppressionRequest* request,
                                           ppb::Suppression*) override {
    {
      absl::MutexLock lock(&mutex);
      added = *request;
    }
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  absl::Mutex mutex;
  std::vector<int> sizes;
  ppb::AddSuppressionRequest added;
};

class PreferenceClientTest : public testing::Test {
 protected:
  static RecipientQuery Query(const std::string& id) {
    return {{Target::Kind::kRecipient, "recipients/" + id}, Category::kProgress};
  }

  FakePreferenceService service_;
  rpc::InProcessServer server_{{rpc::Host<ppb::PreferenceService>(service_)}};
  PreferenceClient client_{server_.NewStub<ppb::PreferenceService>(), absl::Seconds(10)};
};

TEST_F(PreferenceClientTest, ChecksThousandRecipientsPerCallInOrder) {
  std::vector<RecipientQuery> queries(1500, Query("ada"));
  queries[1200] = Query("gone");
  queries[3] = Query("asleep");
  ASSERT_OK_AND_ASSIGN(const std::vector<Verdict> verdicts,
                       client_.Check(queries, absl::InfiniteFuture()));
  ASSERT_EQ(verdicts.size(), 1500u);
  EXPECT_THAT(service_.sizes, testing::ElementsAre(1000, 500));
  EXPECT_EQ(verdicts[0].decision, Verdict::Decision::kAllow);
  EXPECT_EQ(verdicts[0].recipient.given_name, "Ada");
  EXPECT_TRUE(verdicts[0].recipient.tracking_allowed);
  EXPECT_FALSE(verdicts[1200].recipient.tracking_allowed);
  EXPECT_EQ(verdicts[3].decision, Verdict::Decision::kDefer);
  EXPECT_EQ(verdicts[3].retry_time, absl::FromUnixSeconds(1'800'000'000));
  EXPECT_EQ(verdicts[1200].decision, Verdict::Decision::kSkip);
  EXPECT_EQ(verdicts[1200].reason, Reason::kUnknownRecipient);
}

TEST_F(PreferenceClientTest, ReturnsUnavailableForUnknownDecision) {
  EXPECT_THAT(client_.Check({Query("new_decision")}, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(PreferenceClientTest, AsksWhoMayBeMeasured) {
  std::vector<std::string> recipients(1001, "recipients/ann");
  recipients[1000] = "recipients/refused";
  ASSERT_OK_AND_ASSIGN(const std::vector<bool> allowed,
                       client_.TrackingAllowed(recipients, absl::InfiniteFuture()));
  ASSERT_EQ(allowed.size(), 1001u);
  EXPECT_TRUE(allowed[999]);
  EXPECT_FALSE(allowed[1000]);
}

TEST_F(PreferenceClientTest, AddsSuppression) {
  ASSERT_OK(client_.Add("ada@students.example", SuppressionCause::kComplained, "550"));
  EXPECT_EQ(service_.added.email_address(), "ada@students.example");
  EXPECT_EQ(service_.added.reason(), ppb::Suppression::REASON_COMPLAINED);
}

}  // namespace
}  // namespace lmsmail::dispatch
